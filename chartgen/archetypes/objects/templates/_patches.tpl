{{/*
What tells the entries of a list apart, by the list's field: the first key that all entries have.
*/}}
{{- define "[[ prefix ]].mergeKeys" -}}
[[ merge_keys ]]
{{- end }}

{{/*
Tells whether an entry of a patch only says that something is to go.
*/}}
{{- define "[[ prefix ]].goes" -}}
{{- if kindIs "map" . }}
{{- if eq (get . "$patch" | toString) "delete" }}true{{ end }}
{{- end }}
{{- end }}

{{/*
`over` laid on `base`, as JSON below `value`: maps key by key, lists of named entries by name, all else replaced.
*/}}
{{- define "[[ prefix ]].merged" -}}
{{- $value := .over }}
{{- if kindIs "map" .over }}
{{- $value = dict }}
{{- if and (kindIs "map" .base) (ne (get .over "$patch" | toString) "replace") }}
{{- $value = deepCopy .base }}
{{- end }}
{{- range $key, $entry := .over }}
{{- if include "[[ prefix ]].goes" $entry }}
{{- $_ := unset $value $key }}
{{- else if ne $key "$patch" }}
{{- $inner := dict "base" (get $value $key) "over" $entry "field" $key }}
{{- $_ := set $value $key (include "[[ prefix ]].merged" $inner | fromJson).value }}
{{- end }}
{{- end }}
{{- else if kindIs "slice" .over }}
{{- $value = (include "[[ prefix ]].mergedList" . | fromJson).value }}
{{- end }}
{{- toJson (dict "value" $value) }}
{{- end }}

{{- define "[[ prefix ]].mergedList" -}}
{{- $base := list }}
{{- $name := "" }}
{{- if and (kindIs "slice" .base) .over }}
{{- range $candidate := index (include "[[ prefix ]].mergeKeys" . | fromJson) .field }}
{{- $shared := gt (len $.base) 0 }}
{{- range $entry := concat $.base $.over }}
{{- if not (kindIs "map" $entry) }}
{{- $shared = false }}
{{- else if not (hasKey $entry $candidate) }}
{{- $shared = false }}
{{- end }}
{{- end }}
{{- if and $shared (not $name) }}
{{- $name = $candidate }}
{{- $base = $.base }}
{{- end }}
{{- end }}
{{- end }}
{{- $waiting := dict }}
{{- range $number, $entry := .over }}
{{- $_ := set $waiting (ternary (printf "%v" (get (ternary $entry dict (kindIs "map" $entry)) $name)) (printf "%d" $number) (ne $name "")) $entry }}
{{- end }}
{{- $value := list }}
{{- range $entry := $base }}
{{- $known := printf "%v" (get $entry $name) }}
{{- if not (hasKey $waiting $known) }}
{{- $value = append $value $entry }}
{{- else if not (include "[[ prefix ]].goes" (get $waiting $known)) }}
{{- $inner := dict "base" $entry "over" (get $waiting $known) "field" "" }}
{{- $value = append $value (include "[[ prefix ]].merged" $inner | fromJson).value }}
{{- end }}
{{- $_ := unset $waiting $known }}
{{- end }}
{{- range $number, $entry := .over }}
{{- $known := ternary (printf "%v" (get (ternary $entry dict (kindIs "map" $entry)) $name)) (printf "%d" $number) (ne $name "") }}
{{- if and (hasKey $waiting $known) (not (include "[[ prefix ]].goes" $entry)) }}
{{- $value = append $value (include "[[ prefix ]].merged" (dict "base" nil "over" $entry "field" "") | fromJson).value }}
{{- end }}
{{- end }}
{{- toJson (dict "value" $value) }}
{{- end }}
