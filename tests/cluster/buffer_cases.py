"""Node room by CapacityBuffers, with a CRD of ours that has the fields of the real one (cluster-autoscaler's module is not to be had here), and a
controller that is this test. That nobody acts on one is in tests/planner and tests/simulation, where two minutes cost nothing."""

from api import ApiError
from harness import must_become, wait_for
from headroom_cases import FLOOR, PLACEHOLDERS, TightShop

GROUP = "autoscaling.x-k8s.io"
CONDITION = {"type": "object", "properties": {one: {"type": "string"} for one in ("type", "status", "reason", "message", "lastTransitionTime")}}
REF = {"type": "object", "properties": {one: {"type": "string"} for one in ("apiGroup", "kind", "name")}}
COUNT = {"type": "integer", "format": "int32", "minimum": 0}
SCHEMA = {"type": "object", "properties": {
    "spec": {"type": "object", "properties": {
        "provisioningStrategy": {"type": "string"}, "scalableRef": REF, "replicas": COUNT, "percentage": COUNT,
        "podTemplateRef": {"type": "object", "properties": {"name": {"type": "string"}}}}},
    "status": {"type": "object", "properties": {
        "replicas": COUNT, "provisioningStrategy": {"type": "string"}, "conditions": {"type": "array", "items": CONDITION}}}}}


def serve_buffers(api):
    names = {"plural": "capacitybuffers", "singular": "capacitybuffer", "kind": "CapacityBuffer", "listKind": "CapacityBufferList"}
    versions = [{"name": "v1beta1", "served": True, "storage": True, "subresources": {"status": {}}, "schema": {"openAPIV3Schema": SCHEMA}}]
    api.create("customresourcedefinitions", None, {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": f"capacitybuffers.{GROUP}", "annotations": {"api-approved.kubernetes.io": "unapproved, a stub for tests"}},
        "spec": {"group": GROUP, "scope": "Namespaced", "names": names, "versions": versions}})


def are_served(api, ns):
    try:
        return api.list("capacitybuffers", ns) == []
    except ApiError:  # 429 while the server sets up their storage, 404 before
        return False


def test_a_buffer_asks_for_the_room_and_is_given_up_as_pods_come(api, ns):
    serve_buffers(api)
    shop = TightShop(api, ns)

    def buffer():
        found = api.list("capacitybuffers", ns)
        assert len(found) <= 1, found
        return found[0] if found else None

    try:
        wait_for("buffers are served", lambda: are_served(api, ns), 20)
        api.patch("roles", ns, "sale", [{"op": "add", "path": "/rules/-", "value": {
            "apiGroups": [GROUP], "resources": ["capacitybuffers"], "verbs": ["create"]}}], content_type="application/json-patch+json")
        # A buffer needs its two minutes before preparation, even though it is answered at once.
        shop.sale_with_room(lead="150s", prepare="5s", begins=140)
        made = wait_for("a buffer", buffer, 60)
        assert made["spec"] == {"provisioningStrategy": "buffer.x-k8s.io/active-capacity", "replicas": PLACEHOLDERS,
                                "scalableRef": {"apiGroup": "apps", "kind": "Deployment", "name": "checkout"}}, made
        assert made["metadata"]["ownerReferences"][0]["uid"] == shop.event()["metadata"]["uid"], made
        said = [{"type": one, "status": "True"} for one in ("ReadyForProvisioning", "Provisioning")]
        api.patch("capacitybuffers", ns, made["metadata"]["name"], {"status": {"replicas": PLACEHOLDERS, "conditions": said}}, subresource="status")
        wait_for("told", lambda: shop.row().get("state") == "Placed" and shop.row().get("placed") == PLACEHOLDERS)
        assert shop.room() is None, "no placeholder pods"
        shop.reach("Live", seconds=170)
        wait_for("the floor is ready", lambda: shop.ready("checkout") == FLOOR)
        must_become("no buffer", lambda: buffer() is None, 15)
        assert shop.room() is None and shop.row()["state"] == "Released" and shop.row()["released"] == PLACEHOLDERS, shop.row()
    finally:
        shop.close()
        api.delete("customresourcedefinitions", None, f"capacitybuffers.{GROUP}")


test_a_buffer_asks_for_the_room_and_is_given_up_as_pods_come.alone = True  # others would see buffers served too
