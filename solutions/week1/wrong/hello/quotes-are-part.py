def hello(r):
    r.set("greeting", '"hello, redis"')
