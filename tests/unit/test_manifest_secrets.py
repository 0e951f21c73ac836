"""What counts as a secret in clear text, and what does not."""

from __future__ import annotations

import json

import pytest

from chartgen.manifest.rules.secrets import find_secret, is_secret
from helmkit.errors import InputError
from tests.builders.releases import SPRING, resolve


@pytest.mark.parametrize(
    "name",
    [
        "PASSWORD",
        "MYSQL_ROOT_PASSWORD",
        "MYSQLPASSWORD",
        "DB_PASSWD",
        "CLIENT_SECRET",
        "SECRET_KEY",
        "NACOS_AUTH_TOKEN",
        "API_KEY",
        "MAPS_APIKEY",
        "AWS_SECRET_ACCESS_KEY",
        "ENCRYPT_KEY",
        "JWT_PRIVATE_KEY",
        "DB_CREDENTIALS",
        "spring.datasource.password",
        "springDatasourcePassword",
        "db-password",
        "DB_PASS",
        "redisPwd",
        "spring.redis.pass",
    ],
)
def test_names_that_hold_secrets(name: str) -> None:
    assert is_secret(name, "hunter2")


@pytest.mark.parametrize(
    "name",
    [
        "TOKEN_URI",
        "OAUTH_TOKEN_URL",
        "PASSWORD_FILE",
        "SECRET_NAME",
        "TOKEN_TTL",
        "NACOS_AUTH_TOKEN_EXPIRE_SECONDS",
        "AWS_ACCESS_KEY_ID",
        "MAX_TOKENS",
        "TOKENIZER",
        "SECRETARY",
        "PASSWORD_POLICY",
        "CHANNEL",
        "KEY",
        "PWD",
        "BYPASS",
        "PASS_THROUGH",
    ],
)
def test_names_that_only_speak_of_secrets(name: str) -> None:
    assert not is_secret(name, "hunter2")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(OTHER)", False),
        ("${spring.password}", False),
        ("{cipher}0a1b", False),
        ("ENC(abc)", False),
        ("", False),
        ("true", False),
        ("yes", False),
        ("hunter2$(OTHER)", True),
        ("$(A)$(B)", False),
    ],
)
def test_values_that_are_references_or_switches(text: str, expected: bool) -> None:
    assert is_secret("DB_PASSWORD", text) is expected


def test_a_path_to_credentials_is_none() -> None:
    assert not is_secret("GOOGLE_APPLICATION_CREDENTIALS", "/var/run/key.json")
    assert is_secret("DB_PASSWORD", "/slash")


@pytest.mark.parametrize(
    "text",
    [
        "http://test:test2019@eureka-0.eureka:19011/eureka/",
        "http://a.example.com,http://u:p@b.example.com",
        "redis://:hunter2@redis:6379/0",
        "mongodb+srv://user:hunter2@db/x?y=z",
        "amqp://$(USER):hunter2@mq:5672",
        "--spring.datasource.password=root",
        "--spring.datasource.username=root --spring.datasource.password=root --x=y",
        "jdbc:mysql://db:3306/x?user=root&password=root",
        "-Djavax.net.ssl.trustStorePassword=changeit",
        '{"spring.datasource.password": "hunter2"}',
        "client_secret=abc",
        "redis-server --requirepass hunter2",
        "mysql --password hunter2",
        "-----BEGIN PRIVATE KEY-----\nMIIE",
        "-----BEGIN EC PRIVATE KEY-----",
        "curl -sf -u admin:hunter2 http://localhost/x",
        "curl --user 'admin:hunter2' http://localhost/x",
        '{"auths": {"harbor.example.com": {"auth": "YWRtaW46aHVudGVyMg=="}}}',
    ],
)
def test_texts_with_secrets(text: str) -> None:
    assert find_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://$(USER):$(PASSWORD)@eureka:19011/eureka/",
        "http://${user}:${password}@eureka:19011/eureka/",
        "http://user@host/path",
        "http://host:8080/mail@example.com",
        "http://nacos-0:8848,http://nacos-1:8848",
        "amqp://mq:5672",
        "--spring.datasource.password=$(DB_PASSWORD)",
        "--spring.datasource.password=${DB_PASSWORD}",
        "--password-file=/run/secrets/db",
        "--password $(DB_PASSWORD) --host db",
        "--password --host db",
        "ALLOW_EMPTY_PASSWORD=yes is not what we want, password=true is",
        "the password is in the Secret nacos-db",
        "jdbc:mysql://db:3306/x?useSSL=false&serverTimezone=UTC",
        "leaf.snowflake.enable=true",
        "tokenizer=standard",
        "-----BEGIN CERTIFICATE-----",
        "curl -u $USER:$PASSWORD http://localhost/x",
        "curl -u admin:$(PASSWORD) http://localhost/x",
        'curl -u "admin:${PASSWORD}" http://localhost/x',
        "curl -u admin http://localhost:8080/x",
        "curl http://u.example.com:8080/x -sf",
        "chroot -u 1000:1000 /srv",
        '{"auth": "basic"}',
    ],
)
def test_texts_without_secrets(text: str) -> None:
    assert find_secret(text) is None


@pytest.mark.parametrize("words", [["curl", "-u", "admin:hunter2", "http://localhost/x"], ["curl", "-uadmin:hunter2"]])
def test_a_login_in_the_words_of_a_command(words: list[str]) -> None:
    with pytest.raises(InputError, match=r"deregister.*in clear text") as caught:
        resolve(SPRING + f"deregister = {json.dumps(words)}\n")
    assert "hunter2" not in str(caught.value)
