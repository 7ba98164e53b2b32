def take_batch(r, queues, n):
    with r.pipeline(transaction=True) as pipe:
        for queue in queues:
            pipe.rpop(queue, n)
        replies = pipe.execute()
    for queue, jobs in zip(queues, replies):
        if jobs:
            return queue, jobs
    return None, []
