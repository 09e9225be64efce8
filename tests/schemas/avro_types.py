"""The named types of an Avro schema, and what a type stands for."""

PRIMITIVES = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"}
named = {}


def qualified(name, space):
    return name if "." in name or not space else space + "." + name


def collect(t, space):
    if isinstance(t, list):
        for branch in t:
            collect(branch, space)
    elif isinstance(t, dict):
        if t["type"] in ("record", "enum", "fixed"):
            full = qualified(t["name"], t.get("namespace", space))
            named[full] = (t, full.rpartition(".")[0])
            for field in t.get("fields", []):
                collect(field["type"], full.rpartition(".")[0])
        elif isinstance(t["type"], (dict, list)):
            collect(t["type"], space)
        else:
            collect(t.get("items", t.get("values", "null")), space)


def lookup(t, space):
    """(definition, a dict or a union; namespace inside)."""
    if isinstance(t, str):
        if t in PRIMITIVES:
            return {"type": t}, space
        return named.get(qualified(t, space)) or named[t]
    if t["type"] in ("record", "enum", "fixed"):
        return named[qualified(t["name"], t.get("namespace", space))]
    if isinstance(t["type"], (dict, list)):
        return lookup(t["type"], space) if isinstance(t["type"], dict) else (t["type"], space)
    return t, space
