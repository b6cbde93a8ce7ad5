"""Gates of a release that a server opens: a real one over TLS, which checks what it is sent. A Service is switched, so that no router is needed."""

import contextlib
import hashlib
import hmac
import http.server
import json
import time

from action_cases import answered, ask, condition
from check_cases import let_the_operator_read, operator_of, status_server
from harness import Shop, wait_for
from router_cases import Switch

KEY = "of-this-gate"


class Board(http.server.BaseHTTPRequestHandler):
    """Says what it is told to; keeps what it was asked, and what was wrong with that."""

    protocol_version = "HTTP/1.1"
    says, reason, asked, wrong = [200], "", [], []

    def do_POST(self):
        kind = type(self)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = dict(one.split("=", 1) for one in self.headers.get("Doorbuster-Signature", "t=0,v1=none").split(","))
        good = hmac.new(KEY.encode(), signed["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(good, signed["v1"]) or abs(time.time() - int(signed["t"])) > 30:
            kind.wrong.append(dict(self.headers))
        if self.headers["Content-Type"] != "application/json":
            kind.wrong.append(dict(self.headers))
        kind.asked.append((self.headers["Doorbuster-Delivery"], json.loads(body)))
        status = kind.says.pop(0) if len(kind.says) > 1 else kind.says[0]
        answer = kind.reason.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def gated(shop, board, **blue_green):
    """A sale that ships v2 through the gate `board`, whose server that is; the switch and the operator."""
    switch = Switch(shop)
    shop.api.request("POST", f"/api/v1/namespaces/{shop.ns}/secrets",
                     {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "board"}, "stringData": {"hmac": KEY + "\n"}})
    with status_server(board) as (port, ca), operator_of(shop, "--allow-check-hosts", f"127.0.0.1:{port}", "--check-ca-file", ca) as operator:
        rollout = {"name": "v2", "target": {"name": "checkout"}, "patch": {"spec": {"containers": [{"name": "app", "image": "shop/checkout:v2"}]}},
                   "strategy": {"blueGreen": {"preview": "1s", "hold": "1s", **blue_green}}, "traffic": {"service": {"name": "checkout"}},
                   "bake": "3s", "drain": "2s", "deadline": "20s"}
        webhook = {"url": f"https://127.0.0.1:{port}/gate", "signWith": {"secret": "board", "key": "hmac"}, "every": "1s"}
        shop.sale(begins=-1, lasts=600, targets=[], rollouts=[rollout], gates=[{"name": "board", "webhook": webhook}])
        yield switch, operator, f"webhook 127.0.0.1:{port}"


def decisions(shop, kind):
    return [one for one in shop.event()["status"]["decisions"] if one["kind"] == kind]


def test_a_switch_waits_until_a_server_says_200(api, ns):
    shop = Shop(api, ns)
    board = type("OfThisTest", (Board,), {"says": [500], "asked": [], "wrong": []})
    with gated(shop, board, preview="5s", previewApproval="board") as (switch, operator, server):
        switch.release.becomes("AwaitingApproval")
        wait_for("no key", lambda: "the service account sale may not get Secret board" in switch.release.row()["message"])
        assert not board.asked, board.asked
        let_the_operator_read(shop, "board")
        row = wait_for("status 500", lambda: "does not open it: the server answers with status 500" in switch.release.row()["message"] and switch.release.row(), 60)
        assert row["message"].startswith(f"board: {server} ") and row["weight"] == 0, row
        refused = answered(shop, ask(shop, "Approve", gate="board", requestedBy="rig:admin"), "Refused")
        assert condition(refused, "Accepted") == "False OpenedByWebhook", refused["status"]
        board.says = [200]
        wait_for("decided", lambda: decisions(shop, "Approve"), 60)
        asked = len(board.asked)
        operator.kill()
        operator.start()
        switch.release.becomes("Promoted")
        switch.is_as_before()
        switch.release.alone()
        assert len(board.asked) == asked, "asked again what it had answered"
        assert not board.wrong, board.wrong
        assert len({delivery for delivery, _ in board.asked}) == 1, board.asked
        [approved] = decisions(shop, "Approve")
        assert approved["by"] == server and approved["value"] == "1 board 0%", approved
        body = board.asked[0][1]
        event = shop.event()
        assert body["event"] == {"namespace": ns, "name": "flash", "uid": event["metadata"]["uid"]}, body
        assert (body["kind"], body["rollout"], body["target"], body["gate"], body["step"], body["weight"], body["attempt"]) == \
            ("GateReview", "v2", "checkout", "board", 1, 0, approved["hash"]), body


def test_a_release_goes_back_when_a_server_says_403(api, ns):
    shop = Shop(api, ns)
    board = type("OfThisTest", (Board,), {"says": [503, 403], "reason": "the cart\nis slow", "asked": [], "wrong": []})
    let_the_operator_read(shop, "board")
    with gated(shop, board, approval="board") as (switch, _, server):
        row = switch.release.becomes("RolledBack")
        assert f"rejected by {server}: the cart is slow" in row["message"], row
        switch.is_as_before()
        switch.serves("v1")
        switch.release.alone()
        [rejected] = decisions(shop, "Reject")
        assert rejected["value"] == "2 board 100%" and rejected["detail"] == "the cart is slow", rejected
        assert len(board.asked) == 2 and not board.wrong, (board.asked, board.wrong)
