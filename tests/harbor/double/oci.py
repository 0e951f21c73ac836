"""The registry side: token service, tags, manifests, blobs, referrers."""

from __future__ import annotations

import re
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, parse_qsl

from tests.harbor.double import manifests
from tests.harbor.double.access import ANONYMOUS, Identity, Login
from tests.harbor.double.server import Request, Response, error, json_response
from tests.harbor.double.state import Project, Repository, State, digest_of

REGISTRY = {"Docker-Distribution-Api-Version": "registry/2.0"}
TOKEN_SECONDS = 1800
SERVICE = "harbor-registry"
_PATH = re.compile(r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs/uploads|blobs|tags|referrers)/(?P<rest>[^/]*)$")


@dataclass
class Token:
    identity: Identity
    projects: set[str]
    expires: float


def doubled(code: str, message: str, status: int = 401, headers: dict[str, str] | None = None) -> Response:
    """The registry side says everything twice."""
    return error(status, code, f"{message}: {message}", {**REGISTRY, **(headers or {})})


@dataclass
class Registry:
    """Answers `/v2/` and the token service."""

    state: State
    external: str = ""
    """The address Harbor believes it has: realm and Location are built from it."""
    token_seconds: float = TOKEN_SECONDS
    tokens: dict[str, Token] = field(default_factory=dict)
    uploads: dict[str, bytearray] = field(default_factory=dict)

    def token(self, request: Request, login: Login) -> Response:
        """With a scope anybody gets a token, if need be one without rights; without one a wrong password is 401."""
        if request.method != "GET":
            return Response(405, b"Method Not Allowed\n", {"Content-Type": "text/plain; charset=utf-8"})
        query = parse_qs(request.raw_query)
        service = query.get("service", [""])[0]
        if service != SERVICE:
            body = f"Unable to handle service: {service}".encode()
            return Response(400, body, {"Content-Type": "text/plain; charset=utf-8"})
        scopes = query.get("scope", [])
        if login.wrong and not scopes:
            return Response(401)
        names = {s.split(":")[1].partition("/")[0] for s in scopes if s.startswith("repository:")}
        text = secrets.token_hex(16)
        self.tokens[text] = Token(login.identity, names, time.monotonic() + self.token_seconds)
        issued = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        # The token is in `token`; `access_token` stays empty.
        return json_response(200, {"token": text, "access_token": "", "expires_in": TOKEN_SECONDS, "issued_at": issued})

    def answer(self, request: Request, path: str, login: Login) -> Response:
        scheme = request.headers.get("authorization", "").partition(" ")[0].lower()
        if path in {"/v2", "/v2/"}:
            return self._root(scheme, request, login)
        if path == "/v2/_catalog":
            names = [r.full_name for p in self.state.projects.values() for r in p.repositories.values()]
            return (
                json_response(200, {"repositories": sorted(names)}) if login.identity.is_admin else self._challenge("")
            )
        found = _PATH.match(path)
        if found is None:
            text = f"un-recognized request: {request.method} {path}"
            return doubled("UNAUTHORIZED", text, headers={"Www-Authenticate": ""})
        name = found["name"]
        if "/" not in name:
            return error(400, "BAD_REQUEST", f"invalid repository name: {name}")
        asked = "pull" if request.method in {"GET", "HEAD"} else "delete" if request.method == "DELETE" else "push"
        identity, refusal = self._who(scheme, request, login, name, asked)
        if refusal:
            return refusal
        project = self.state.projects.get(name.partition("/")[0])
        if project is None:
            text = f"project {name.partition('/')[0]} not found"
            return doubled("UNAUTHORIZED", text, headers={"Www-Authenticate": ""})
        if not self._may(identity, project, asked):
            text = f"unauthorized to access repository: {name}, action: {asked}"
            return doubled("UNAUTHORIZED", text, headers=self._challenge(name, asked).headers)
        return self._dispatch(request, project, found, identity)

    def _root(self, scheme: str, request: Request, login: Login) -> Response:
        if scheme == "bearer":
            token = self._token(request)
            return json_response(200, {}, REGISTRY) if token and not token.identity.anonymous else self._challenge("")
        if login.wrong:
            return doubled("UNAUTHORIZED", "unauthorized", headers={"Www-Authenticate": 'Basic realm="harbor"'})
        return self._challenge("") if login.identity.anonymous else json_response(200, {}, REGISTRY)

    def _challenge(self, name: str, action: str = "pull") -> Response:
        wanted = {"pull": "pull", "push": "pull,push", "delete": "delete"}[action]
        scope = f',scope="repository:{name}:{wanted}"' if name else ""
        realm = f'Bearer realm="{self.external}/service/token",service="{SERVICE}"{scope}'
        return doubled("UNAUTHORIZED", "unauthorized", headers={"Www-Authenticate": realm})

    def _token(self, request: Request) -> Token | None:
        text = request.headers.get("authorization", "").partition(" ")[2]
        token = self.tokens.get(text)
        return token if token and token.expires > time.monotonic() else None

    def _who(
        self, scheme: str, request: Request, login: Login, name: str, action: str
    ) -> tuple[Identity, Response | None]:
        if scheme == "bearer":
            token = self._token(request)
            # One token opens the whole project, with all its owner may do, whatever the scope said.
            if token and name.partition("/")[0] in token.projects:
                return token.identity, None
            return ANONYMOUS, self._challenge(name, action)
        if login.wrong:
            answer = doubled("UNAUTHORIZED", "unauthorized", headers={"Www-Authenticate": 'Basic realm="harbor"'})
            return ANONYMOUS, answer
        if login.identity.anonymous:
            # Public projects too: the anonymous caller has to fetch a token first.
            return ANONYMOUS, self._challenge(name, action)
        return login.identity, None

    @staticmethod
    def _may(identity: Identity, project: Project, action: str) -> bool:
        if action == "delete":
            return identity.may(project, "artifact", "delete")
        return identity.may(project, "repository", action)

    def _dispatch(self, request: Request, project: Project, found: re.Match[str], identity: Identity) -> Response:
        inner, kind, rest = found["name"].partition("/")[2], found["kind"], found["rest"]
        if kind == "tags":
            return self._tags(request, project, inner)
        if kind == "referrers":
            return manifests.referrers(self.state, request, project, inner, rest)
        if kind == "manifests":
            return manifests.answer(self.state, request, project, inner, rest, identity, self.external)
        if kind == "blobs/uploads":
            return self._upload(request, project, inner, rest)
        return self._blob(request, project, inner, rest)

    def _tags(self, request: Request, project: Project, inner: str) -> Response:
        repository = project.repositories.get(inner)
        if repository is None:
            return error(404, "NOT_FOUND", f"repository {project.name}/{inner} not found")
        query = dict(parse_qsl(request.raw_query))
        names = sorted(t for t in repository.tags if t > query.get("last", ""))
        headers = {}
        if "n" in query:
            count = int(query["n"])
            if count <= 0:
                return error(400, "BAD_REQUEST", "the N must be a positive int type")
            if len(names) > count:
                link = f"/v2/{repository.full_name}/tags/list?last={names[count - 1]}&n={count}"
                headers["Link"] = f'<{link}>; rel="next"'
            names = names[:count]
        return json_response(200, {"name": repository.full_name, "tags": names}, headers)

    def _blob(self, request: Request, project: Project, inner: str, digest: str) -> Response:
        repository = project.repositories.get(inner)
        if request.method == "DELETE":
            return Response(202, headers=dict(REGISTRY))
        # Blobs belong to a repository, also inside one project.
        if repository is None or digest not in repository.blobs:
            body = {"errors": [{"code": "BLOB_UNKNOWN", "message": "blob unknown to registry", "detail": digest}]}
            return json_response(404, body, REGISTRY)
        content = self.state.blobs[digest]
        headers = {**REGISTRY, "Content-Type": "application/octet-stream", "Docker-Content-Digest": digest}
        headers |= {"Accept-Ranges": "bytes", "Etag": f'"{digest}"', "Content-Length": str(len(content))}
        if wanted := re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", "")):
            first, last = int(wanted[1]), int(wanted[2] or len(content) - 1)
            part = content[first : last + 1]
            headers |= {"Content-Range": f"bytes {first}-{last}/{len(content)}", "Content-Length": str(len(part))}
            return Response(206, part, headers)
        return Response(200, content, headers)

    def _upload(self, request: Request, project: Project, inner: str, session: str) -> Response:
        query = dict(parse_qsl(request.raw_query))
        base = f"{self.external}/v2/{project.name}/{inner}/blobs"
        if request.method == "POST":
            return self._start_upload(project, inner, query, base)
        if session not in self.uploads:
            body = {"errors": [{"code": "BLOB_UPLOAD_INVALID", "message": "blob upload invalid", "detail": {}}]}
            return json_response(404, body, REGISTRY)
        handlers: dict[str, Callable[[], Response]] = {
            "GET": lambda: self._progress(session, base, 204),
            "PATCH": lambda: self._append(session, base, request.body),
            "PUT": lambda: self._finish(project, inner, session, query.get("digest", ""), request.body),
            "DELETE": lambda: self._cancel(session),
        }
        return handlers[request.method]()

    def _start_upload(self, project: Project, inner: str, query: dict[str, str], base: str) -> Response:
        """A digest in the query changes nothing; a mount that cannot be is an ordinary start."""
        if refusal := charge_check(project, 0):
            return refusal
        digest = query.get("mount", "")
        owner, _, name = query.get("from", "").partition("/")
        source = self.state.find_repository(owner, name)
        if digest and source and digest in source.blobs:
            self.state.repository(project, inner).blobs.add(digest)
            project.charged[digest] = len(self.state.blobs[digest])
            headers = {**REGISTRY, "Docker-Content-Digest": digest, "Location": f"{base}/{digest}"}
            return Response(201, headers=headers)
        session = str(uuid.uuid4())
        self.uploads[session] = bytearray()
        return self._progress(session, base, 202)

    def _progress(self, session: str, base: str, status: int) -> Response:
        end = max(len(self.uploads[session]) - 1, 0)
        headers = {**REGISTRY, "Docker-Upload-Uuid": session, "Range": f"0-{end}"}
        return Response(status, headers={**headers, "Location": f"{base}/uploads/{session}?_state=x"})

    def _append(self, session: str, base: str, chunk: bytes) -> Response:
        """Content-Range is not looked at."""
        self.uploads[session] += chunk
        return self._progress(session, base, 202)

    def _cancel(self, session: str) -> Response:
        del self.uploads[session]
        return Response(204, headers=dict(REGISTRY))

    def _finish(self, project: Project, inner: str, session: str, digest: str, chunk: bytes) -> Response:
        content = bytes(self.uploads[session]) + chunk
        if digest_of(content) != digest:
            message = "provided digest did not match uploaded content"
            return error(400, "DIGEST_INVALID", message, REGISTRY)
        if digest not in project.charged and (refusal := charge_check(project, len(content))):
            return refusal
        del self.uploads[session]
        self.state.blobs[digest] = content
        repository: Repository = self.state.repository(project, inner)
        repository.blobs.add(digest)
        project.charged[digest] = len(content)
        location = f"{self.external}/v2/{repository.full_name}/blobs/{digest}"
        return Response(201, headers={**REGISTRY, "Docker-Content-Digest": digest, "Location": location})


def charge_check(project: Project, size: int) -> Response | None:
    """Refuse what the project's quota has no room for."""
    limit, used = project.hard_limit, project.used
    if limit < 0 or used + size <= limit:
        return None
    verb = f"adding {_human(size)}" if size else "subtracting 0 B"
    message = (
        f"{verb} of storage resource, which when updated to current usage of {_human(used)} "
        f"will exceed the configured upper limit of {_human(limit)}."
    )
    return error(403, "DENIED", message)


def _human(size: int) -> str:
    return f"{size} B" if size < 1024 else f"{size / 1024:.1f} KiB"
