"""status_client.py DESCRIPTORS ADDRESS CASE...: calls Fail once for each case and prints what it was answered."""

import json
import sys

import grpc

from status_messages import DETAILS_KEY, StatusMessages

METHOD = "/kun.test.v1.Failing/Fail"


def main(descriptor_file, address, *cases):
    messages = StatusMessages(descriptor_file)
    answers = []
    with grpc.insecure_channel(address) as channel:
        fail = channel.unary_unary(METHOD)
        for case in cases:
            try:
                fail(case.encode(), timeout=10)
                raise SystemExit(f"{case}: the call did not fail")
            except grpc.RpcError as error:
                rich = dict(error.trailing_metadata()).get(DETAILS_KEY)
                answers.append(
                    {
                        "code": error.code().value[0],
                        "message": error.details(),
                        "status": messages.decode(rich) if rich is not None else None,
                    }
                )
    print(json.dumps(answers))


main(*sys.argv[1:])
