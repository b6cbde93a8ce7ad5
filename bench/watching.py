"""When something was first seen by a watch, on the clock of this process (time.monotonic)."""

import json
import threading
import time


class Watch(threading.Thread):
    """Follows a collection from now on. `pick` says of each (type, object) which keys it stands for; of each key the first moment is kept."""

    def __init__(self, api, path, pick):
        super().__init__(daemon=True)
        self.api, self.path, self.pick = api, path, pick
        self.moments, self.changed, self.failed = {}, threading.Condition(), None
        self.version = api.request("GET", path + "?limit=1")["metadata"]["resourceVersion"]
        self.start()

    def run(self):
        try:
            for line in self.api.lines(f"{self.path}?watch=1&resourceVersion={self.version}&timeoutSeconds=7200"):
                at = time.monotonic()
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise RuntimeError(str(event["object"]))
                self._take(at, self.pick(event["type"], event["object"]))
            raise RuntimeError("the watch ended")
        except Exception as error:  # pylint: disable=broad-except
            with self.changed:
                self.failed = error
                self.changed.notify_all()

    def _take(self, at, keys):
        with self.changed:
            for key in keys:
                self.moments.setdefault(key, at)
            if keys:
                self.changed.notify_all()

    def forget(self):
        with self.changed:
            self.moments.clear()

    def await_all(self, keys, seconds=60):
        """The moments of all these keys, once each has been seen."""
        keys, deadline = list(keys), time.monotonic() + seconds
        with self.changed:
            while missing := [key for key in keys if key not in self.moments]:
                if self.failed:
                    raise RuntimeError(f"{self.path}: {self.failed}")
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"{self.path}: not seen within {seconds} s: {len(missing)} of {len(keys)}, such as {missing[0]}")
                self.changed.wait(left)
            return [self.moments[key] for key in keys]
