"""Where requests go: by which proxy, to whom, and never in plain text to another machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.tests.conftest import Chances
from cli.tests.secured import HOST, Proxy, certificate, proxy_to
from cli.tests.service import PROMOTION_ID, SECRET, Fault, Service
from promojobs import Client, Unreachable, WrongUse
from promojobs.transport import _proxy_of, checked_url

PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Without proxies, whatever the machine has."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    return certificate(tmp_path)


@pytest.fixture
def proxy(service: Service, authority: Path, environment: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with proxy_to(service.url, authority, "me:p@ss") as started:
        environment.setenv("HTTPS_PROXY", "http://" + "me:p%40ss" + f"@{started.address}")
        yield started


@pytest.fixture
def secured(chances: Chances) -> Iterator[Client]:
    with Client(f"https://{HOST}", "shop", SECRET, sleep=chances.sleep, chance=lambda: 1.0) as client:
        yield client


def test_a_proxy_is_used_with_its_credentials_and_the_authorities_of_ssl_cert_file(
    proxy: Proxy, authority: Path, secured: Client, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("SSL_CERT_FILE", str(authority))
    assert secured.generate(PROMOTION_ID, 1_000).promotion_id == PROMOTION_ID
    assert set(proxy.asked) == {f"{HOST}:443"}


def test_a_service_that_no_authority_vouches_for_gets_no_secret_and_no_second_try(
    service: Service, proxy: Proxy, secured: Client, chances: Chances
) -> None:
    with pytest.raises(Unreachable, match="No authority that is known here vouches for the service: SSL_CERT_FILE"):
        secured.sign_in()
    assert (len(proxy.asked), service.asked, chances.waits) == (1, [], [])


def test_this_machine_is_asked_without_a_proxy(
    service: Service, proxy: Proxy, api: Client, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("HTTP_PROXY", f"http://{proxy.address}")
    api.sign_in()
    assert (service.asked, proxy.asked) == (["token"], [])


@pytest.mark.parametrize(
    ("named", "used"), [("http://proxy:3128", "http://proxy:3128"), ("proxy:3128", "http://proxy:3128")]
)
def test_the_proxy_is_the_one_of_the_environment(environment: pytest.MonkeyPatch, named: str, used: str) -> None:
    environment.setenv("HTTPS_PROXY", named)
    environment.setenv("NO_PROXY", "inside.example.com")
    assert _proxy_of("https://promo.example.com/") == used
    assert _proxy_of("https://inside.example.com/") is None


@pytest.mark.parametrize(
    "url", ["http://promo.example.com", "ftp://localhost", "promo.example.com", "http://127.0.0.2", "https://"]
)
def test_an_address_that_would_show_secrets_is_refused(url: str) -> None:
    with pytest.raises(WrongUse):
        checked_url(url)


def test_a_link_that_would_show_the_codes_is_not_followed(service: Service, api: Client, tmp_path: Path) -> None:
    link = "http://bucket.example.com/codes.csv?signature=secret"
    service.faults["file"].append(Fault(200, {"href": link, "files": [{"href": link}]}))
    export = api.wait(api.export(PROMOTION_ID))
    with pytest.raises(WrongUse, match=r"^The link to the file would send the codes in plain text$"):
        api.save(export, tmp_path / "codes.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_not_sent_where_others_could_read_it(service: Service, api: Client, tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_text("code\nPRINTED-1\n")
    upload = {"upload_id": "U", "href": "http://bucket.example.com/U?signature=secret", "headers": {}}
    service.faults["uploads"].append(Fault(201, {"data": upload}))
    with pytest.raises(WrongUse, match=r"^The link to the file would send the codes in plain text$"):
        api.upload(PROMOTION_ID, tmp_path / "codes.csv")
