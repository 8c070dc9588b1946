"""status_client.py DESCRIPTORS ADDRESS METHOD CASE...: calls the method once for each case and prints the answers.

The request is a message whose first field is the name of the case.
"""

import json
import sys

import grpc

from status_messages import DETAILS_KEY, StatusMessages


def main(descriptor_file, address, method, *cases):
    messages = StatusMessages(descriptor_file)
    answers = []
    with grpc.insecure_channel(address) as channel:
        fail = channel.unary_unary(method)
        for case in cases:
            try:
                fail(bytes([0x0A, len(case)]) + case.encode(), timeout=10)
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
