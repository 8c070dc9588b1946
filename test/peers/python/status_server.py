"""status_server.py DESCRIPTORS: prints its port, fails every call as the request's JSON says, ends with stdin."""

import json
import sys
from concurrent import futures

import grpc

from status_messages import DETAILS_KEY, StatusMessages

CODES = {code.value[0]: code for code in grpc.StatusCode}


def main(descriptor_file):
    messages = StatusMessages(descriptor_file)

    def fail(request, context):
        wanted = json.loads(request)
        rich = messages.encode(wanted["code"], wanted["message"], wanted["details"])
        context.set_trailing_metadata(((DETAILS_KEY, rich), ("hint", "h")))
        context.abort(CODES[wanted["code"]], wanted["message"])

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    handlers = {"Fail": grpc.unary_unary_rpc_method_handler(fail)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("kun.test.v1.Failing", handlers),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    sys.stdin.read()
    server.stop(0)


main(*sys.argv[1:])
