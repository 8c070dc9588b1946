"""google.rpc.Status and its standard details, from the official .proto files, in protobuf's JSON form."""

import base64

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

DETAILS_KEY = "grpc-status-details-bin"


class StatusMessages:
    def __init__(self, descriptor_file):
        self._pool = descriptor_pool.DescriptorPool()
        files = descriptor_pb2.FileDescriptorSet()
        with open(descriptor_file, "rb") as file:
            files.ParseFromString(file.read())
        for file in files.file:
            self._pool.Add(file)
        self._factory = message_factory.MessageFactory(self._pool)

    def _message_class(self, name):
        return self._factory.GetPrototype(self._pool.FindMessageTypeByName(name))

    def encode(self, code, message, details):
        status = self._message_class("google.rpc.Status")(code=code, message=message)
        for detail in details:
            any_message = status.details.add()
            any_message.type_url = detail["@type"]
            fields = {key: value for key, value in detail.items() if key != "@type"}
            try:
                message_class = self._message_class(detail["@type"].split("/")[-1])
            except KeyError:
                any_message.value = base64.b64decode(fields["value"])
                continue
            any_message.value = json_format.ParseDict(fields, message_class()).SerializeToString()
        return status.SerializeToString()

    def decode(self, data):
        status = self._message_class("google.rpc.Status").FromString(data)
        return {
            "code": status.code,
            "message": status.message,
            "details": [self._decode_any(detail) for detail in status.details],
        }

    def _decode_any(self, detail):
        try:
            message_class = self._message_class(detail.type_url.split("/")[-1])
        except KeyError:
            return {"@type": detail.type_url, "value": base64.b64encode(detail.value).decode()}
        message = message_class.FromString(detail.value)
        return {"@type": detail.type_url, **json_format.MessageToDict(message)}
