"""otlp_collector.py DESCRIPTORS: a collector of traces and metrics by the official .proto files, over gRPC and HTTP (JSON).

Prints its two addresses, then each span and each point of a histogram on a line as it understood it; ends with stdin.
What breaks the protocol's rules (lengths of ids, times, counts that do not add up) is refused.
"""

import base64
import gzip
import json
import sys
import threading
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

PACKAGE = "opentelemetry.proto.collector"


class Messages:
    def __init__(self, descriptor_file):
        pool = descriptor_pool.DescriptorPool()
        files = descriptor_pb2.FileDescriptorSet()
        with open(descriptor_file, "rb") as file:
            files.ParseFromString(file.read())
        for file in files.file:
            pool.Add(file)
        factory = message_factory.MessageFactory(pool)
        self._factory, self._pool = factory, pool

    def of(self, name):
        return self._factory.GetPrototype(self._pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))


class Signal:
    """One of the collector's two services."""

    def __init__(self, messages, package, name, lines_of):
        self.service = f"{PACKAGE}.{package}.v1.{name}Service"
        self.request = messages.of(f"{package}.v1.Export{name}ServiceRequest")
        self.response = messages.of(f"{package}.v1.Export{name}ServiceResponse")
        self._lines_of = lines_of

    def take(self, request):
        lines = [json.dumps(line) for line in self._lines_of(request)]
        print("\n".join(lines), flush=True)

    def export(self, request, context):
        try:
            self.take(request)
        except ValueError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        return self.response()

    def handler(self):
        method = grpc.unary_unary_rpc_method_handler(
            self.export,
            request_deserializer=self.request.FromString,
            response_serializer=lambda response: response.SerializeToString(),
        )
        return grpc.method_handlers_generic_handler(self.service, {"Export": method})


def attributes(pairs):
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


def spans_of(request):
    for resource_spans in request.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                check(span)
                status_codes = type(span.status).DESCRIPTOR.enum_types_by_name["StatusCode"].values_by_number
                kinds = type(span).DESCRIPTOR.enum_types_by_name["SpanKind"].values_by_number
                yield {
                    "resource": attributes(resource_spans.resource.attributes),
                    "scope": scope_spans.scope.name,
                    "traceId": span.trace_id.hex(),
                    "id": span.span_id.hex(),
                    "parentId": span.parent_span_id.hex(),
                    "name": span.name,
                    "kind": kinds[span.kind].name,
                    "status": status_codes[span.status.code].name,
                    "message": span.status.message,
                    "attributes": attributes(span.attributes),
                    "events": [{"name": e.name, **attributes(e.attributes)} for e in span.events],
                }


def check(span):
    lengths = [len(span.trace_id), len(span.span_id), len(span.parent_span_id)]
    if lengths[:2] != [16, 8] or lengths[2] not in (0, 8):
        raise ValueError(f"ids of {lengths} bytes")
    times = [span.start_time_unix_nano, *(e.time_unix_nano for e in span.events), span.end_time_unix_nano]
    if times[0] == 0 or max(times) != times[-1] or min(times) != times[0]:
        raise ValueError(f"times {times}")


def points_of(request):
    for resource_metrics in request.resource_metrics:
        for scope_metrics in resource_metrics.scope_metrics:
            for metric in scope_metrics.metrics:
                histogram = metric.histogram
                temporalities = type(histogram).DESCRIPTOR.fields_by_name["aggregation_temporality"].enum_type
                for point in histogram.data_points:
                    check_point(point)
                    yield {
                        "resource": attributes(resource_metrics.resource.attributes),
                        "scope": scope_metrics.scope.name,
                        "metric": metric.name,
                        "unit": metric.unit,
                        "temporality": temporalities.values_by_number[histogram.aggregation_temporality].name,
                        "attributes": attributes(point.attributes),
                        "count": point.count,
                        "sum": point.sum,
                        "bounds": list(point.explicit_bounds),
                        "buckets": list(point.bucket_counts),
                    }


def check_point(point):
    if len(point.bucket_counts) != len(point.explicit_bounds) + 1 or sum(point.bucket_counts) != point.count:
        raise ValueError(f"{list(point.bucket_counts)} for {point.count} values and {list(point.explicit_bounds)}")
    if not 0 < point.start_time_unix_nano <= point.time_unix_nano:
        raise ValueError(f"from {point.start_time_unix_nano} to {point.time_unix_nano}")


def with_ids_in_base64(value):
    """OTLP's JSON writes ids in hex, where protobuf's JSON has base64."""
    if isinstance(value, list):
        return [with_ids_in_base64(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: base64.b64encode(bytes.fromhex(item)).decode()
        if key in ("traceId", "spanId", "parentSpanId")
        else with_ids_in_base64(item)
        for key, item in value.items()
    }


def http_handler(by_path):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self._body()
            try:
                signal = by_path.get(self.path)
                if signal is None or self.headers["Content-Type"] != "application/json":
                    raise ValueError(f"{self.path} of {self.headers['Content-Type']}")
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                parsed = with_ids_in_base64(json.loads(body))
                signal.take(json_format.ParseDict(parsed, signal.request(), ignore_unknown_fields=True))
                self._answer(200, b"{}")
            except (ValueError, json_format.ParseError) as error:
                self._answer(400, str(error).encode())

        def _body(self):
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers["Content-Length"]))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _answer(self, code, body):
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler


def main(descriptor_file):
    messages = Messages(descriptor_file)

    traces = Signal(messages, "trace", "Trace", spans_of)
    metrics = Signal(messages, "metrics", "Metrics", points_of)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    server.add_generic_rpc_handlers((traces.handler(), metrics.handler()))
    grpc_port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    http = ThreadingHTTPServer(("127.0.0.1", 0), http_handler({"/v1/traces": traces, "/v1/metrics": metrics}))
    threading.Thread(target=http.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{grpc_port} http://127.0.0.1:{http.server_address[1]}", flush=True)
    sys.stdin.read()
    server.stop(0)


main(*sys.argv[1:])
