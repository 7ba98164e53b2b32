def hello(r):
    r.set("hello, redis", "greeting")
