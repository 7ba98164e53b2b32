"""What holds for a server wherever it runs."""

from collections.abc import Callable

import pytest
import redis
from servers.owners import Start

from grader.servers import PortBusy, Server, StartFailed


def test_it_answers_at_its_url_and_knows_its_version(start: Start) -> None:
    with start(port=0) as server:
        assert isinstance(server, Server)
        client = redis.Redis.from_url(server.url)
        assert client.ping()
        assert client.info("server")["redis_version"] == ".".join(map(str, server.version))
        assert server.running


def test_a_client_decodes_text_speaks_resp2_and_does_not_retry(start: Start) -> None:
    with start() as server:
        client = server.client()
        client.set("name", "käse")
        assert client.get("name") == "käse"
        assert client.client_info()["resp"] == "2"
        server.kill()
        with pytest.raises(redis.ConnectionError):
            client.ping()


def test_a_client_takes_other_options(start: Start) -> None:
    with start() as server:
        client = server.client(decode_responses=False, protocol=3, db=4)
        client.set("name", "value")
        assert client.get("name") == b"value"
        assert str(client.client_info()["resp"]) == "3"
        assert str(client.client_info()["db"]) == "4"


def test_nothing_is_kept_on_disk_unless_asked_for(start: Start) -> None:
    with start() as server:
        assert server.client().config_get("save") == {"save": ""}
        assert server.client().config_get("appendonly") == {"appendonly": "no"}
        server.client().set("key", "value")
        server.restart()
        assert server.client().get("key") is None


def test_an_append_only_file_survives_a_kill(start: Start) -> None:
    with start(appendonly=True, appendfsync="always") as server:
        server.client().set("key", "value")
        server.kill()
        assert not server.running
        server.restart()
        assert server.client().get("key") == "value"


def test_a_snapshot_is_written_by_stop_when_snapshots_are_on(start: Start) -> None:
    with start(save="3600 1") as server:
        server.client().set("key", "value")
        server.stop()
        assert not server.running
        server.restart()
        assert server.client().get("key") == "value"


def test_a_restart_keeps_address_and_options(start: Start) -> None:
    with start(maxmemory="3mb") as server:
        url = server.url
        server.restart()
        assert server.url == url
        assert server.client().config_get("maxmemory") == {"maxmemory": str(3 * 1024 * 1024)}


def test_a_paused_server_keeps_its_connections_and_answers_nothing(start: Start) -> None:
    with start() as server:
        client = server.client(socket_timeout=0.2, single_connection_client=True)
        number = client.client_id()
        server.pause()
        assert server.running
        with pytest.raises(redis.TimeoutError):
            server.client(socket_timeout=0.2).ping()
        server.resume()
        assert client.client_id() == number


def test_a_paused_server_can_be_stopped_and_started_again(start: Start) -> None:
    with start() as server:
        server.pause()
        server.restart()
        assert server.client().ping()


def test_a_password_is_asked_for_and_carried_by_client_and_url(start: Start) -> None:
    with start(password="a b/c@d") as server:
        assert server.client().ping()
        assert redis.Redis.from_url(server.url).ping()
        with pytest.raises(redis.AuthenticationError):
            server.client(password=None).ping()
        server.client().set("key", "value")
        server.reset()
        assert server.client().dbsize() == 0


def test_the_log_is_what_redis_wrote(start: Start, until: Callable[..., None]) -> None:
    with start() as server:
        # An engine hands on what a container writes a moment later.
        until(lambda: "eady to accept connections" in server.log())


def test_an_option_redis_does_not_accept_is_named_with_its_value(start: Start) -> None:
    with pytest.raises(StartFailed, match='maxmemory "much"') as failure, start(maxmemory="much"):
        pass
    assert "argument must be a memory value" in str(failure.value)


def test_a_port_that_is_taken_is_said_to_be(start: Start) -> None:
    with start(port=0) as first, pytest.raises(PortBusy, match=str(first.port)), start(port=first.port):
        pass


class TestReset:
    """A server that has been reset cannot be told from a new one."""

    def test_keys_of_every_database_are_gone(self, start: Start) -> None:
        with start() as server:
            server.client().set("key", 1)
            server.client(db=9).set("key", 1)
            server.reset()
            assert server.client().info("keyspace") == {}

    def test_scripts_and_functions_are_gone(self, start: Start) -> None:
        with start() as server:
            client = server.client()
            script = client.script_load("return 1")
            client.function_load("#!lua name=one\nredis.register_function('f', function() return 1 end)")
            server.reset()
            assert server.client().script_exists(script) == [False]
            assert server.client().function_list() == []

    def test_other_clients_are_gone_and_the_owner_leaves_none(self, start: Start) -> None:
        with start() as server:
            subscriber = server.client().pubsub()
            subscriber.subscribe("news")
            others = [server.client(single_connection_client=True) for _ in range(3)]
            server.reset()
            (only,) = server.client().client_list()
            assert only["cmd"] == "client|list"
            del others

    def test_configuration_and_users_are_as_at_the_start(self, start: Start) -> None:
        with start(maxmemory="5mb", maxmemory_policy="allkeys-lru") as server:
            client = server.client()
            before = client.config_get("*"), sorted(client.acl_list())
            client.config_set("maxmemory", "1mb", "notify-keyspace-events", "KEA")
            client.config_set("save", "60 1")
            client.config_set("appendonly", "yes")
            client.acl_setuser("mallory", enabled=True, nopass=True, keys=["*"])
            number = server.client().info("server")["run_id"]
            server.reset()
            assert server.client().info("server")["run_id"] == number
            client = server.client()
            assert (client.config_get("*"), sorted(client.acl_list())) == before

    def test_a_replica_is_a_primary_again(self, start: Start) -> None:
        with start() as server:
            server.client().execute_command("REPLICAOF", "127.0.0.1", "1")
            number = server.client().info("server")["run_id"]
            server.reset()
            assert server.client().info("replication")["role"] == "master"
            assert server.client().info("server")["run_id"] == number

    def test_a_client_pause_does_not_hold_it_up(self, start: Start) -> None:
        with start() as server:
            server.client().execute_command("CLIENT", "PAUSE", "60000", "ALL")
            server.reset()
            assert server.client().set("key", "value")

    def test_a_password_somebody_set_does_not_lock_the_owner_out(self, start: Start) -> None:
        with start() as server:
            server.client().config_set("requirepass", "secret")
            server.reset()
            assert server.client().ping()

    def test_statistics_and_the_slow_log_start_again(self, start: Start) -> None:
        with start(slowlog_log_slower_than=0) as server:
            client = server.client()
            for number in range(50):
                client.set(f"key:{number}", number)
            server.reset()
            client = server.client()
            assert "cmdstat_set" not in client.info("commandstats")
            logged = [each["command"].decode().split()[0] for each in client.slowlog_get(128)]
            assert "SET" not in logged

    def test_a_script_that_never_ends_does_not_hold_it_up(self, start: Start) -> None:
        with start(busy_reply_threshold=10) as server:
            with pytest.raises(redis.TimeoutError):
                server.client(socket_timeout=0.2).eval("while true do end", 0)
            server.reset()
            assert server.client().ping()

    def test_a_dead_server_comes_back_empty(self, start: Start) -> None:
        with start(appendonly=True) as server:
            server.client().set("key", "value")
            server.kill()
            server.reset()
            assert server.client().dbsize() == 0

    def test_a_snapshot_somebody_asked_for_does_not_come_back(self, start: Start) -> None:
        with start() as server:
            server.client().set("key", "value")
            server.client().save()
            server.reset()
            server.restart()
            assert server.client().dbsize() == 0
