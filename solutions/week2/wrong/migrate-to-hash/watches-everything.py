import json

from redis import WatchError


def convert(r, keys):
    """Make hashes of those `keys` that are strings, all in one step; return how many."""
    with r.pipeline() as pipe:
        while True:
            pipe.watch(*keys)
            look = r.pipeline(transaction=False).mget(keys)
            for key in keys:
                look.pexpiretime(key)
            texts, *ends = look.execute()
            pipe.multi()
            for key, text, end in zip(keys, texts, ends, strict=True):
                if text is not None:
                    pipe.delete(key)
                    pipe.hset(key, mapping=json.loads(text))
                    if end != -1:
                        pipe.pexpireat(key, end)
            try:
                pipe.execute()
                return len(keys) - texts.count(None)
            except WatchError:
                pass


def profiles_to_hashes(r):
    """Make a hash of every profile that is a JSON text; return how many."""
    converted, cursor = 0, None
    while cursor != 0:
        cursor, keys = r.scan(cursor or 0, match="profile:*", count=200)
        if keys:
            converted += convert(r, keys)
    return converted
