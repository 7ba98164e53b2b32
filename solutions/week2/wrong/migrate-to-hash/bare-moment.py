import json


def profiles_to_hashes(r):
    converted, cursor = 0, None
    while cursor != 0:
        cursor, keys = r.scan(cursor or 0, match="profile:*", count=200, _type="string")
        if not keys:
            continue
        look = r.pipeline(transaction=False).mget(keys)
        for key in keys:
            look.pexpiretime(key)
        texts, *ends = look.execute()
        with r.pipeline(transaction=False) as pipe:
            for key, text, end in zip(keys, texts, ends):
                if text is not None:
                    pipe.delete(key)
                    pipe.hset(key, mapping=json.loads(text))
                    if end != -1:
                        pipe.pexpireat(key, end)
                    converted += 1
            pipe.execute()
    return converted
