"""Adds the FileDescriptorProtos of a JSON list of base64 texts to a pool, and says what it then knows of the zoo."""

import base64
import json
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

with open(sys.argv[1]) as file:
    waiting = [descriptor_pb2.FileDescriptorProto.FromString(base64.b64decode(text)) for text in json.load(file)]

pool = descriptor_pool.DescriptorPool()
refused = sorted(file.name for file in waiting if file.syntax == "editions")
waiting = [file for file in waiting if file.syntax != "editions"]
added = set()
while waiting:
    ready = [file for file in waiting if all(name in added for name in file.dependency)]
    if not ready:
        sys.exit(f"imports are missing of {[file.name for file in waiting]}")
    for file in ready:
        pool.Add(file)
        pool.FindFileByName(file.name)
        added.add(file.name)
    waiting = [file for file in waiting if file.name not in added]

keeper = pool.FindServiceByName("zoo.v1.Keeper")
request = pool.FindMessageTypeByName("zoo.v1.FeedRequest")
amounts = request.fields_by_name["amounts"].message_type
feed = keeper.FindMethodByName("Feed")
options = message_factory.MessageFactory(pool).GetPrototype(pool.FindMessageTypeByName("google.protobuf.MethodOptions"))
http = pool.FindExtensionByName("google.api.http")
message_factory.MessageFactory(pool).GetPrototype(http.message_type)
raw = feed.GetOptions().SerializeToString()
parsed = options.FromString(raw)
print(
    json.dumps(
        {
            "methods": [method.name for method in keeper.methods],
            "at": request.fields_by_name["at"].message_type.full_name,
            "amounts_is_map": amounts.GetOptions().map_entry,
            "note_has_presence": request.fields_by_name["note"].has_presence,
            "http": next((value.post for field, value in parsed.ListFields() if field.full_name == "google.api.http"), None),
            "refused": refused,
        }
    )
)
