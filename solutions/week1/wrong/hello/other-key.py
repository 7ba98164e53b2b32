def hello(r):
    r.set("Greeting", "hello, redis")
