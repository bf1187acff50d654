"""asyncio's queue and task on the device's clock, with the attributes that asyncio's loop works with.

A task's ``state`` is True while it runs, a queue of those who wait for it, None when it is done and False when
somebody has seen that; ``data`` is what it waits for, or what ended it; ``ph_key`` when it is due.
"""


def _ticks():
    # Imported late: the clock's module brings this one in.
    from time import ticks_ms

    return ticks_ms()


class TaskQueue:
    """Tasks in the order in which they are due."""

    def __init__(self):
        self._tasks = []

    def peek(self):
        return self._tasks[0] if self._tasks else None

    def push(self, task, due=None):
        from time import ticks_diff

        task.data = None
        task.ph_key = _ticks() if due is None else due
        place = len(self._tasks)
        while place and ticks_diff(task.ph_key, self._tasks[place - 1].ph_key) < 0:
            place -= 1
        self._tasks.insert(place, task)

    def pop(self):
        return self._tasks.pop(0)

    def remove(self, task):
        self._tasks.remove(task)


class Task:
    def __init__(self, coro, context=None):
        self.coro = coro
        self.data = None
        self.state = True
        self.ph_key = 0
        if context is not None:
            Task.context = context

    def done(self):
        return not self.state

    def cancel(self):
        if self.done():
            return False
        if self is Task.context["cur_task"]:
            raise RuntimeError("can't cancel self")
        task = self
        while isinstance(task.data, Task):
            task = task.data
        queue = Task.context["_task_queue"]
        if hasattr(task.data, "remove"):
            task.data.remove(task)
            queue.push(task)
        elif task in queue._tasks:
            queue.remove(task)
            queue.push(task)
        task.data = Task.context["CancelledError"]
        return True

    def __iter__(self):
        if self.done():
            self.state = False
        elif self.state is True:
            self.state = TaskQueue()
        elif not isinstance(self.state, TaskQueue):
            raise RuntimeError("can't wait")
        return self

    def __next__(self):
        if self.done():
            raise self.data
        waiting = Task.context["cur_task"]
        self.state.push(waiting)
        waiting.data = self
