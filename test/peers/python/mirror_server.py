"""mirror_server.py DESCRIPTORS: prints its port, serves zoo.v1.Mirror with Python's protobuf, ends with stdin."""

import sys
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

pool = descriptor_pool.DescriptorPool()
with open(sys.argv[1], "rb") as file:
    for proto in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
        pool.Add(proto)
factory = message_factory.MessageFactory(pool)


def message_class(name):
    return factory.GetPrototype(pool.FindMessageTypeByName(f"zoo.v1.{name}"))


Json = message_class("Json")


class Mirror(grpc.GenericRpcHandler):
    def service(self, details):
        method = details.method.rsplit("/", 1)[1]
        if method.startswith("Read"):
            message = message_class(method[len("Read"):])
            behaviour, request = self.read, message
        else:
            message = message_class(method[len("Write"):])
            behaviour, request = lambda json, _: json_format.Parse(json.text, message(), descriptor_pool=pool), Json
        return grpc.unary_unary_rpc_method_handler(
            behaviour,
            request_deserializer=request.FromString,
            response_serializer=lambda answer: answer.SerializeToString(deterministic=True),
        )

    def read(self, message, _context):
        text = json_format.MessageToJson(
            message, including_default_value_fields=True, preserving_proto_field_name=True, descriptor_pool=pool
        )
        return Json(text=text)


server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
server.add_generic_rpc_handlers((Mirror(),))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
sys.stdin.read()
server.stop(0)
