def hello(r):
    return "hello, redis"
