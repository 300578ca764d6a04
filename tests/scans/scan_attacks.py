"""wapiti and sqlmap attack the running site as a stranger, a partner's lead and the manager, and find nothing.

Each proves itself on faults that are planted. They speak to this machine alone, with bounded time.
"""

import json
import re
import subprocess
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin

import pytest

from tests.scans import tools

MODULES = "sql,timesql,xss,permanentxss,exec,file,crlf,redirect,csp,http_headers,cookieflags,csrf,methods,htaccess,ldap"
SECONDS_EACH = 90  # for each module of wapiti
# Where pressing buttons ends the session with which the scan is done, or goes on for ever.
LEFT_OUT = re.compile(
    r"/accounts/logout/|/account/privacy/erase/|/sign-in/|/account/.*(devices|password)|\.(pdf|docx|zip)$"
)


def wapiti(role, folder, *, addresses=None, depth="0"):
    """What wapiti finds: (kind, path, parameter, words) of each fault. At depth 0 it follows no link."""
    report = folder / "wapiti.json"
    starts = [address for address in addresses or role.addresses if not LEFT_OUT.search(address)]
    command = [
        tools.python("wapiti"), "-u", starts[0], "--scope", "domain", "--depth", depth,
        *(part for address in starts for part in ("-s", address)), "-x", f"{starts[0]}accounts/logout/",
        "-m", MODULES, "--max-attack-time", str(SECONDS_EACH), "--max-scan-time", "300", "--max-parameters", "30",
        "--tasks", "4", "--verify-ssl", "0", "--flush-session", "--no-bugreport", "-f", "json", "-o", str(report),
        "--store-session", str(folder / "sessions"), "--store-config", str(folder / "config"), "-v", "0",
    ]  # fmt: skip
    if role.cookie:
        command += ["-C", role.cookie]
    done = subprocess.run(command, capture_output=True, text=True)
    assert report.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    told = json.loads(report.read_text())
    assert told["infos"]["crawled_pages_nbr"] > 2 * (len(starts) > 2), done.stdout[-3000:]
    return {
        (kind, fault["path"], fault["parameter"], fault["info"])
        for kind, faults in {**told["vulnerabilities"], **told["anomalies"]}.items()
        for fault in faults
    }


@pytest.mark.parametrize("name", ["anonymous", "lead", "manager"])
def test_wapiti_finds_nothing(scanned, tmp_path, name):
    found = wapiti(scanned.roles[name], tmp_path)
    assert found == set()
    assert scanned.broken() == []


@pytest.mark.parametrize("scanned", ["planted"], indirect=True)
def test_wapiti_finds_what_is_planted(scanned, tmp_path):
    role = scanned.roles["anonymous"]
    found = wapiti(role, tmp_path, addresses=[f"{scanned.root}/planted/"], depth="1")
    kinds = {(kind, path) for kind, path, _parameter, _info in found}
    assert ("Reflected Cross Site Scripting", "/planted/said/") in kinds
    assert ("SQL Injection", "/planted/found/") in kinds
    assert ("Open Redirect", "/planted/on/") in kinds


# SQL ------------------------------------------------------------------------------------------


class Forms(HTMLParser):
    """The forms of a page: (method, where to, names of fields) of each."""

    def __init__(self, address, text):
        super().__init__()
        self.address, self.found = address, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        if tag == "form":
            self.found.append((told.get("method", "get"), urljoin(self.address, told.get("action") or ""), set()))
        elif tag in ("input", "select", "textarea", "button") and self.found and told.get("name"):
            self.found[-1][2].add(told["name"])


def parameters_of(site, role):
    """Each address with parameters that pages and the API take, with a value for each."""
    found = {}
    for path in role.paths:
        answer = site.get(path, headers={"Cookie": role.cookie} if role.cookie else {})
        if "html" in answer.headers["Content-Type"]:
            for method, where, names in Forms(f"{site.root}{path}", answer.text).found:
                where = re.sub(r"\?.*", "", re.sub(r"/partners/[^/]+/", "/partners/bakery/", where))
                if method.lower() == "get" and names:
                    found.setdefault(where, set()).update(names)
    document = json.loads(site.get("/api/v1/openapi.json").text)
    for path, methods in document["paths"].items():
        names = {parameter["name"] for parameter in methods["get"].get("parameters", []) if parameter["in"] == "query"}
        if names and "{" not in path:
            found[f"{site.root}{path}"] = names
    return [f"{where}?{urlencode(dict.fromkeys(sorted(names), '1'))}" for where, names in sorted(found.items())]


def sqlmap(addresses, folder, role):
    """The lines in which sqlmap says that a parameter can be injected."""
    listed = folder / "addresses.txt"
    listed.write_text("\n".join(addresses))
    command = [
        tools.python("sqlmap"), "-m", str(listed), "--batch", "--level", "1", "--risk", "1", "--technique", "BEUT",
        "--dbms", "PostgreSQL", "--time-sec", "2", "--timeout", "20", "--retries", "1", "--skip-waf", "--flush-session",
        "--ignore-code", "*", "--output-dir", str(folder / "sqlmap"), "--disable-coloring",
    ]  # fmt: skip
    if role.cookie:
        command += ["--cookie", role.cookie]
    told = subprocess.run(command, capture_output=True, text=True, timeout=3000).stdout
    assert told.count("testing URL") == len(addresses), told[-3000:]
    return re.findall(
        r"^.*(?:is vulnerable|appears to be injectable|identified the following injection).*$", told, re.M
    )


def test_sqlmap_finds_nothing(scanned, tmp_path):
    role = scanned.roles["anonymous"]
    addresses = parameters_of(scanned, role)
    assert len(addresses) > 8, addresses
    # What stands in an address itself is asked of the database as well.
    addresses += [
        f"{scanned.root}/{kind}/1*/" for kind in ("partners", "areas", "places", "pledges", "events", "stories")
    ]
    assert sqlmap(addresses, tmp_path, role) == []
    assert scanned.broken() == []


@pytest.mark.parametrize("scanned", ["planted"], indirect=True)
def test_sqlmap_finds_what_is_planted(scanned, tmp_path):
    found = sqlmap([f"{scanned.root}/planted/found/?slug=bakery"], tmp_path, scanned.roles["anonymous"])
    assert "parameter 'slug' is vulnerable" in " ".join(found)
