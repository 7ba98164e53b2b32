def hello(r):
    greeting = "hello, redis"
    print(greeting)
