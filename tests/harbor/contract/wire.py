"""Bare HTTP to a Harbor, real or double, for tests that state what goes over the wire."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from helmkit.charts import build_archive
from tests.harbor.double.seeding import CHART_LAYER, MANIFEST, chart_files

API = "/api/v2.0"
HELM_CONFIG = "application/vnd.cncf.helm.config.v1+json"
Account = tuple[str, str]
"""User name and password."""


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def items(response: httpx2.Response) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = response.json()
    return found


def fault(response: httpx2.Response) -> tuple[int, str, str]:
    """Status, code and message of a refusal."""
    first = response.json()["errors"][0]
    return response.status_code, first["code"], first["message"]


@dataclass
class Wire:
    """Speaks to one project of one Harbor, and remembers what to clean up."""

    http: httpx2.AsyncClient
    url: str
    account: Account
    project: str
    real: bool
    run: str = field(default_factory=lambda: f"contract-{uuid.uuid4().hex[:10]}")
    """What every repository of this test starts with."""
    rules: list[int] = field(default_factory=list)
    robots: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)

    def only_double(self, why: str) -> None:
        if self.real:
            pytest.skip(why)

    def need(self, response: httpx2.Response, status: int, what: str) -> httpx2.Response:
        """Assert the status; an account of a real Harbor that may not do it skips the test."""
        if self.real and response.status_code in {401, 403}:
            pytest.skip(f"the account may not {what} (HTTP {response.status_code})")
        assert response.status_code == status, (response.status_code, response.text)
        return response

    async def call(
        self,
        method: str,
        target: str,
        *,
        account: Account | str | None = "own",
        body: Any = None,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        """Send one request; `target` is path and query as they stand on the wire."""
        sent = dict(headers or {})
        who = self.account if account == "own" else account
        if isinstance(who, tuple) and "Authorization" not in sent:
            sent["Authorization"] = "Basic " + base64.b64encode(":".join(who).encode()).decode()
        if body is not None:
            content = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        request = self.http.build_request(method, self.url + target, headers=sent, content=content)
        if headers is None or "Cookie" not in headers:
            request.headers.pop("cookie", None)
        return await self.http.send(request)

    async def api(self, method: str, path: str, **options: Any) -> httpx2.Response:
        return await self.call(method, API + path, **options)

    def repository(self, name: str) -> str:
        """Return the API's path of a repository of this run."""
        encoded = quote(quote(f"{self.run}/{name}", safe=""), safe="")
        return f"/projects/{self.project}/repositories/{encoded}"

    def artifacts(self, name: str) -> str:
        return self.repository(name) + "/artifacts"

    async def token(self, scope: str, account: Account | str | None = "own") -> httpx2.Response:
        query = f"service=harbor-registry&scope={quote(scope, safe='')}"
        return await self.call("GET", f"/service/token?{query}", account=account)

    async def bearer(
        self, name: str, actions: str = "pull,push", account: Account | str | None = "own"
    ) -> dict[str, str]:
        answer = await self.token(f"repository:{self.project}/{self.run}/{name}:{actions}", account)
        return {"Authorization": f"Bearer {answer.json()['token']}"}

    async def upload(self, name: str, content: bytes, headers: dict[str, str]) -> httpx2.Response:
        base = f"/v2/{self.project}/{self.run}/{name}"
        started = await self.call("POST", f"{base}/blobs/uploads/", headers=headers, content=b"")
        if started.status_code != 202:
            return started
        location = started.headers["location"].removeprefix(self.url)
        if "://" in location:
            location = "/" + location.split("/", 3)[3]
        joint = "&" if "?" in location else "?"
        target = f"{location}{joint}digest={quote(digest_of(content), safe='')}"
        return await self.call(
            "PUT", target, headers={**headers, "Content-Type": "application/octet-stream"}, content=content
        )

    async def put(
        self, name: str, reference: str, manifest: dict[str, Any] | bytes, headers: dict[str, str]
    ) -> httpx2.Response:
        raw = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        target = f"/v2/{self.project}/{self.run}/{name}/manifests/{reference}"
        return await self.call("PUT", target, headers={**headers, "Content-Type": MANIFEST}, content=raw)

    async def manifest(
        self,
        name: str,
        headers: dict[str, str],
        *,
        config: bytes,
        layers: list[bytes],
        config_type: str = HELM_CONFIG,
        **more: Any,
    ) -> dict[str, Any]:
        """Upload the blobs and return the manifest over them."""
        for content in (config, *layers):
            self.need(await self.upload(name, content, headers), 201, "push blobs")

        def part(kind: str, content: bytes) -> dict[str, Any]:
            return {"mediaType": kind, "digest": digest_of(content), "size": len(content)}

        made = {"schemaVersion": 2, "mediaType": MANIFEST, "config": part(config_type, config)}
        return {**made, "layers": [part(CHART_LAYER, layer) for layer in layers], **more}

    async def push_chart(self, name: str, version: str, *, tag: str = "", by_digest: bool = False, **chart: Any) -> str:
        """Publish a chart and return its digest; by digest it gets no tag."""
        await self.may_push()
        files = chart_files(name.rpartition("/")[2], version, **chart)
        config: dict[str, Any] = {"apiVersion": "v2", "name": name.rpartition("/")[2], "version": version, **chart}
        config.pop("values", None)
        headers = await self.bearer(name)
        layer = build_archive(name.rpartition("/")[2], files)
        manifest = await self.manifest(name, headers, config=json.dumps(config).encode(), layers=[layer])
        digest = digest_of(json.dumps(manifest).encode())
        reference = digest if by_digest else tag or version.replace("+", "_")
        self.need(await self.put(name, reference, manifest, headers), 201, "push manifests")
        return digest

    async def may_push(self) -> None:
        """Skip unless what is pushed can be removed again."""
        if self.real:
            answer = await self.api("DELETE", self.repository("nothing"))
            if answer.status_code in {401, 403}:
                pytest.skip("the account may not delete repositories: what this test pushes would stay")

    async def add_rule(self, pattern: str, *, kind: str = "doublestar", decoration: str = "matches") -> httpx2.Response:
        """Guard tags in this run's repositories alone."""
        scope = {"kind": "doublestar", "decoration": "repoMatches", "pattern": f"{self.run}/**"}
        body = {
            "disabled": False,
            "action": "immutable",
            "template": "immutable_template",
            "tag_selectors": [{"kind": kind, "decoration": decoration, "pattern": pattern}],
            "scope_selectors": {"repository": [scope]},
        }
        answer = await self.api("POST", f"/projects/{self.project}/immutabletagrules", body=body)
        if answer.status_code == 201:
            self.rules.append(int(answer.headers["location"].rpartition("/")[2]))
        return answer

    async def remove_rules(self) -> None:
        while self.rules:
            await self.api("DELETE", f"/projects/{self.project}/immutabletagrules/{self.rules.pop()}")

    async def add_robot(self, *access: str, days: int = -1) -> httpx2.Response:
        """Make a robot of the project with rights such as `repository:pull`."""
        pairs = [dict(zip(("resource", "action"), right.split(":"), strict=True)) for right in access]
        permissions = [{"kind": "project", "namespace": self.project, "access": pairs}]
        body = {"name": self.run, "level": "project", "duration": days, "permissions": permissions}
        answer = await self.api("POST", "/robots", body=body)
        if answer.status_code == 201:
            self.robots.append(answer.json()["id"])
        return answer

    async def clean_up(self) -> None:
        await self.remove_rules()
        for number in self.robots:
            await self.api("DELETE", f"/robots/{number}")
        for number in self.labels:
            await self.api("DELETE", f"/labels/{number}")
        query = f"page_size=100&q=name%3D~{self.run}"
        found = await self.api("GET", f"/projects/{self.project}/repositories?{query}")
        for repository in items(found) if found.status_code == 200 else []:
            if f"/{self.run}/" in repository["name"]:
                name = repository["name"].partition("/")[2]
                path = f"/projects/{self.project}/repositories/{quote(quote(name, safe=''), safe='')}"
                await self.api("DELETE", path)
