"""The API server's audit log: who wrote what, and when, in microseconds."""

import datetime
import json
import os


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Write:
    def __init__(self, entry):
        ref = entry.get("objectRef", {})
        self.user, self.verb = entry["user"]["username"], entry["verb"]
        self.what = ref.get("resource", "") + ("/" + ref["subresource"] if "subresource" in ref else "")
        self.ns, self.name = ref.get("namespace", ""), ref.get("name", "")
        self.received, self.answered = moment(entry["requestReceivedTimestamp"]), moment(entry["stageTimestamp"])
        self.code = entry.get("responseStatus", {}).get("code", 0)


class Log:
    def __init__(self, path):
        self.path = path

    def mark(self):
        return os.path.getsize(self.path)

    def since(self, mark, user):
        """The finished writes of a user after a mark, whole lines only."""
        out = []
        with open(self.path, "rb") as file:
            file.seek(mark)
            for line in file:
                if not line.endswith(b"\n") or user.encode() not in line:
                    continue
                entry = json.loads(line)
                if entry["stage"] == "ResponseComplete" and entry["user"]["username"] == user:
                    out.append(Write(entry))
        return out
