"""A gRPC call by the h2 library, with windows of a few bytes: sends a note, and says what came back as JSON."""
import json
import socket
import sys

import h2.connection
import h2.events
import h2.settings

host, port = sys.argv[1].split(":")
note = bytes.fromhex(sys.argv[2])
sock = socket.create_connection((host, int(port)))
conn = h2.connection.H2Connection()
conn.local_settings = h2.settings.Settings(
    client=True,
    initial_values={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 16, h2.settings.SettingCodes.ENABLE_PUSH: 0},
)
conn.initiate_connection()
stream = conn.get_next_available_stream_id()
conn.send_headers(
    stream,
    [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/kun.test.v1.Kinds/Unary"),
        (":authority", sys.argv[1]),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ],
)
body = b"\0" + len(note).to_bytes(4, "big") + note
while body:
    room = min(conn.local_flow_control_window(stream), conn.max_outbound_frame_size, 7)
    conn.send_data(stream, body[:room], end_stream=len(body) <= room)
    body = body[room:]
sock.sendall(conn.data_to_send())

answer, trailers, ended = b"", {}, False
while not ended:
    data = sock.recv(65536)
    if not data:
        break
    for event in conn.receive_data(data):
        if isinstance(event, h2.events.DataReceived):
            answer += event.data
            conn.acknowledge_received_data(event.flow_controlled_length, stream)
        elif isinstance(event, h2.events.TrailersReceived):
            trailers = {name.decode() if isinstance(name, bytes) else name:
                        value.decode() if isinstance(value, bytes) else value
                        for name, value in event.headers}
        elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
            ended = True
    sock.sendall(conn.data_to_send())
print(json.dumps({"bytes": len(answer), "status": trailers.get("grpc-status")}))
