"""JOB-1, JOB-2: whoever can write to Redis runs nothing but our named jobs, and reads nothing of anybody there."""

import json
import os
import zlib
from pathlib import Path

import pytest
from rq import Queue
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import DefaultSerializer, JSONSerializer

from provisioning.actions.users import create_user
from provisioning.domain.users import NewUser
from workers.queues import QUEUE_NAME, NotOurJob, OwedJob, enqueue, job_class
from workers.subscriptions import SEND_MAILS

PREFIX = "gatelodge:"


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, proof: Path) -> None:
        self._proof = proof

    def __reduce__(self):
        return (os.system, (f"touch {self._proof}",))


def dump(connection) -> bytes:
    """Everything that a Redis database holds, keys and values, unpacked where it was packed."""
    readers = {
        b"string": lambda key: [connection.get(key)],
        b"list": lambda key: connection.lrange(key, 0, -1),
        b"set": lambda key: list(connection.smembers(key)),
        b"zset": lambda key: connection.zrange(key, 0, -1),
        b"hash": lambda key: [part for pair in connection.hgetall(key).items() for part in pair],
        b"stream": lambda key: [repr(connection.xrange(key)).encode()],
    }
    found = []
    for key in connection.scan_iter():
        found.append(key)
        for value in readers[connection.type(key)](key):
            found.append(value)
            try:
                found.append(zlib.decompress(value))
            except zlib.error:
                continue
    return b"\n".join(found)


def failed(connection) -> list[str]:
    return FailedJobRegistry(QUEUE_NAME, connection=connection, serializer=JSONSerializer).get_job_ids()


@pytest.mark.rule("JOB-1")
def test_injected_function_name_is_refused_and_nothing_runs(valkey, work, tmp_path):
    proof = tmp_path / "ran"
    plain = Queue(QUEUE_NAME, connection=valkey, serializer=JSONSerializer)
    plain.enqueue("os.system", f"touch {proof}", job_id="injected")
    work()
    assert not proof.exists()
    assert failed(valkey) == ["injected"]


@pytest.mark.rule("JOB-1")
def test_pickled_job_is_refused_unread(valkey, work, tmp_path):
    proof = tmp_path / "ran"
    plain = Queue(QUEUE_NAME, connection=valkey, serializer=DefaultSerializer)
    plain.enqueue(SEND_MAILS, Bomb(proof), job_id="pickled", meta={"bomb": Bomb(proof)})
    assert b"touch" in dump(valkey)
    work()
    assert not proof.exists()
    assert failed(valkey) == ["pickled"]


@pytest.mark.rule("JOB-1")
def test_method_of_an_object_is_refused(valkey, work):
    job = Job.create(SEND_MAILS, args=([],), id="method", connection=valkey, serializer=JSONSerializer)
    job.instance = "text"
    job.func_name = "upper"
    Queue(QUEUE_NAME, connection=valkey, serializer=JSONSerializer).enqueue_job(job)
    work()
    assert failed(valkey) == ["method"]


@pytest.mark.rule("JOB-1")
@pytest.mark.parametrize(
    ("field", "function"), [("success_callback_name", SEND_MAILS), ("failure_callback_name", "unknown")]
)
def test_injected_callback_is_refused_and_does_not_run(valkey, queue, work, field, function):
    enqueue(queue, function, 1, [("nobody", "injected")])
    # Would end this process.
    valkey.hset(f"{PREFIX}job:injected-1", field, "os.abort")
    work()
    assert failed(valkey) == ["injected-1"]


@pytest.mark.rule("JOB-1")
@pytest.mark.parametrize("name", ["success_callback", "failure_callback", "stopped_callback"])
def test_no_callback_is_ever_looked_up(valkey, name):
    job = OwedJob("x", connection=valkey)
    assert getattr(job, name) is None
    setattr(job, f"_{name}_name", "os.abort")
    with pytest.raises(NotOurJob):
        getattr(job, name)


@pytest.mark.rule("JOB-1", "NET-1")
def test_webhook_that_stands_in_redis_is_not_called(valkey, queue, work, capturing_server):
    enqueue(queue, SEND_MAILS, 1, [("nobody", "unknown")])
    hook = {"url": capturing_server.url, "job_status": "finished", "headers": {}, "timeout": 5}
    valkey.hset(f"{PREFIX}job:unknown-1", "webhooks", json.dumps([hook]))
    work()
    assert capturing_server.requests == []


def test_a_job_runs_the_function_that_is_bound_to_its_name(valkey):
    calls = []
    bound = job_class({"known": calls.append})
    bound.create("known", args=(1,), connection=valkey, serializer=JSONSerializer).perform()
    assert calls == [1]
    with pytest.raises(NotOurJob):
        bound.create("unknown", connection=valkey, serializer=JSONSerializer).perform()


@pytest.mark.rule("JOB-2")
@pytest.mark.parametrize("worked_off", [False, True])
def test_redis_holds_no_address_no_name_and_no_token(
    caller, services, relay, work, valkey, sql, settings, mails, worked_off
):
    for number in range(3):
        command = NewUser(email=f"dana{number}@acme.example", first_name="Dana", last_name="Planted")
        create_user(caller, command, services)
    row = sql("select id, secret from outbox where kind = 'invitation' limit 1")[0]
    secret = services.cipher.decrypt(row[1], f"outbox/secret/{row[0]}")
    relay.ring()
    if worked_off:
        work()
        assert len(mails.all()) >= 3
    held = dump(valkey)
    assert (row[0].encode() in held) is not worked_off
    for planted in (b"acme.example", b"Dana", b"Planted", b"Acme", secret.encode(), bytes(row[1])):
        assert planted not in held


@pytest.mark.rule("JOB-2")
def test_text_of_a_fault_reaches_neither_redis_nor_the_outbox(caller, services, settings, relay, work, valkey, sql):
    mail_folder = Path(settings.mail_url.removeprefix("maildir:"))
    mail_folder.write_text("a file where the folder should be")
    create_user(caller, NewUser(email="dana@acme.example"), services)
    relay.ring()
    work()
    held = dump(valkey)
    assert str(mail_folder).encode() not in held
    assert b"Traceback" not in held


@pytest.mark.rule("JOB-4")
def test_every_key_of_ours_has_our_prefix(caller, services, relay, work, valkey):
    create_user(caller, NewUser(email="dana@acme.example"), services)
    relay.ring()
    work()
    assert {key for key in valkey.scan_iter() if not key.startswith(PREFIX.encode())} == set()


def test_result_and_failure_lifetimes_are_set(queue, valkey, work):
    enqueue(queue, SEND_MAILS, 1, [("nobody", "unknown")])
    enqueue(queue, "unknown", 1, [("nobody", "failing")])
    work()
    assert not valkey.exists(f"{PREFIX}job:unknown-1")
    assert 0 < valkey.ttl(f"{PREFIX}job:failing-1") <= 3600
