"""kinds_client.py ADDRESS: calls every method of kinds.proto in many ways and prints what came of each, as JSON."""

import json
import sys
import threading

import grpc

import kinds_pb2 as pb
import kinds_pb2_grpc as stubs

OPTIONS = [("grpc.enable_retries", 0), ("grpc.max_receive_message_length", 16 * 1024 * 1024)]


def outcome(act):
    """Runs a case; a failed call is an outcome like any other."""
    try:
        return act()
    except grpc.RpcError as error:
        trailers = {key: value for key, value in error.trailing_metadata() or () if isinstance(value, str)}
        return {"code": error.code().value[0], "details": error.details(), "trailers": trailers}


class Cases:
    def __init__(self, channel):
        self._channel = channel
        self._stub = stubs.KindsStub(channel)

    def unary(self):
        answer, call = self._stub.Unary.with_call(pb.Note(text="hello", n=7), timeout=10)
        return [answer.text, answer.n, call.code().value[0]]

    def watch(self):
        return [note.n for note in self._stub.Watch(pb.Note(text="count", n=1000), timeout=30)] == list(range(1000))

    def watch_nothing(self):
        return [note.n for note in self._stub.Watch(pb.Note(text="count", n=0), timeout=10)]

    def collect(self):
        notes = (pb.Note(n=n) for n in range(1000))
        return self._stub.Collect(notes, timeout=30).n

    def collect_nothing(self):
        return self._stub.Collect(iter(()), timeout=10).n

    def chat(self):
        """Sends each message when the one before is answered."""
        answered = threading.Semaphore(1)

        def requests():
            for n in range(5):
                answered.acquire()
                yield pb.Note(text="ping", n=n)

        answers = []
        for note in self._stub.Chat(requests(), timeout=10):
            answers.append([note.text, note.n])
            answered.release()
        return answers

    def chat_nothing(self):
        return list(self._stub.Chat(iter(()), timeout=10))

    def metadata(self):
        sent = (("x-request-id", "from-python"), ("x-text", "plain"), ("x-bytes-bin", b"\x00\xff"))
        answer, call = self._stub.Unary.with_call(pb.Note(text="metadata"), metadata=sent, timeout=10)
        headers = dict(call.initial_metadata())
        return [answer.text, headers["x-request-id"], headers["x-back-bin"].hex()]

    def every_code(self):
        answers = [outcome(lambda n=n: self._stub.Unary(pb.Note(text="fail", n=n), timeout=10)) for n in range(1, 17)]
        return [[answer["code"], answer["details"]] for answer in answers]

    def code_after_messages(self):
        stream = self._stub.Watch(pb.Note(text="fail", n=9), timeout=10)
        notes = []
        try:
            for note in stream:
                notes.append(note.text)
        except grpc.RpcError as error:
            return [notes, error.code().value[0]]
        return notes

    def secret(self):
        return self._stub.Unary(pb.Note(text="secret"), timeout=10)

    def deadline(self):
        return self._stub.Unary(pb.Note(text="hang"), timeout=0.3)

    def deadline_of_stream(self):
        return [note.n for note in self._stub.Watch(pb.Note(text="hang"), timeout=0.3)]

    def cancel_after_begin(self):
        begun = threading.Event()

        def requests():
            yield pb.Note(text="begin")
            begun.wait(10)

        call = self._stub.Collect.future(requests(), timeout=10)
        self._stub.Unary(pb.Note(text="wait for collect"), timeout=10)
        call.cancel()
        begun.set()
        return [call.code().value[0], call.cancelled()]

    def cancel_after_first_response(self):
        done = threading.Event()

        def requests():
            yield pb.Note(text="ping", n=1)
            done.wait(10)

        call = self._stub.Chat(requests(), timeout=10)
        first = next(call)
        call.cancel()
        done.set()
        return [first.n, call.code().value[0]]

    def large(self):
        answer = self._stub.Unary(pb.Note(text="x" * 900_000), timeout=30)
        return len(answer.text)

    def too_large(self):
        return self._stub.Unary(pb.Note(text="x" * 1_100_000), timeout=30)

    def too_large_answer(self):
        return self._stub.Unary(pb.Note(text="grow", n=1_100_000), timeout=30)

    def too_large_in_stream(self):
        return self._stub.Collect(iter([pb.Note(n=1), pb.Note(text="x" * 1_100_000)]), timeout=30)

    def compressed(self):
        answer = self._stub.Unary(pb.Note(text="zip " * 1000), compression=grpc.Compression.Gzip, timeout=10)
        return len(answer.text)

    def unimplemented_method(self):
        return self._channel.unary_unary("/kun.test.v1.Kinds/Missing")(b"", timeout=10)

    def unimplemented_service(self):
        return self._channel.unary_unary("/kun.test.v1.Nobody/Unary")(b"", timeout=10)

    def no_message(self):
        """A unary call that half-closes without its message."""
        return self._channel.stream_unary("/kun.test.v1.Kinds/Unary")(iter(()), timeout=10)

    def two_messages(self):
        note = pb.Note(text="hello").SerializeToString()
        return self._channel.stream_unary("/kun.test.v1.Kinds/Unary")(iter([note, note]), timeout=10)

    def no_such_bytes(self):
        return self._channel.unary_unary("/kun.test.v1.Kinds/Unary")(b"\xff\xff", timeout=10)

    def many_at_once(self):
        calls = [self._stub.Unary.future(pb.Note(text="hello", n=n), timeout=30) for n in range(200)]
        return [call.result().n for call in calls] == list(range(200))


def main(address):
    with grpc.insecure_channel(address, options=OPTIONS) as channel:
        cases = Cases(channel)
        names = [name for name in vars(Cases) if not name.startswith("_")]
        print(json.dumps({name: outcome(getattr(cases, name)) for name in names}))


main(*sys.argv[1:])
