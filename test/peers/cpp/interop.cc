// The official interop cases of gRPC by the C++ client, without generated code: messages are bytes, written here.
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/sync_stream.h>

#include <chrono>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

using grpc::ByteBuffer;
using grpc::ClientContext;
using grpc::Status;
using grpc::StatusCode;
using grpc::internal::RpcMethod;

static std::shared_ptr<grpc::Channel> channel;
static const std::string SERVICE = "/grpc.testing.TestService/";

// Protobuf, as far as it is needed.
static std::string varint(uint64_t value) {
  std::string out;
  for (; value > 127; value >>= 7) out += static_cast<char>((value & 127) | 128);
  return out + static_cast<char>(value);
}
static std::string number(int field, uint64_t value) { return varint(field << 3) + varint(value); }
static std::string text(int field, const std::string& value) {
  return varint(field << 3 | 2) + varint(value.size()) + value;
}
static std::string payload(int field, size_t size) { return text(field, text(2, std::string(size, '\0'))); }
static ByteBuffer bytes(const std::string& value) {
  grpc::Slice slice(value);
  return ByteBuffer(&slice, 1);
}
// How long the body of the payload in field 1 of an answer is.
static size_t body_of(const ByteBuffer& answer) {
  std::vector<grpc::Slice> slices;
  answer.Dump(&slices);
  std::string all;
  for (const auto& slice : slices) all.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  size_t at = 0;
  for (;;) {
    if (at >= all.size()) return 0;
    const int tag = all[at++];
    uint64_t length = 0;
    for (int shift = 0;; shift += 7) {
      const unsigned char byte = all[at++];
      length |= static_cast<uint64_t>(byte & 127) << shift;
      if (byte < 128) break;
    }
    if (tag == 0x12) return length;
    if (tag != 0x0a) continue;  // a number; of a message, go inside
  }
}

static void check(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}
static void is(const Status& status, StatusCode code) {
  check(status.error_code() == code, "ended with " + std::to_string(status.error_code()) + " " + status.error_message());
}

static Status unary(const std::string& path, const std::string& request, ByteBuffer* answer, ClientContext* context) {
  const RpcMethod method(path.c_str(), RpcMethod::NORMAL_RPC, channel);
  return grpc::internal::BlockingUnaryCall<ByteBuffer, ByteBuffer>(channel.get(), method, context, bytes(request), answer);
}
using Chat = grpc::ClientReaderWriter<ByteBuffer, ByteBuffer>;
static std::unique_ptr<Chat> chat(ClientContext* context) {
  static const std::string path = SERVICE + "FullDuplexCall";
  const RpcMethod method(path.c_str(), RpcMethod::BIDI_STREAMING, channel);
  return std::unique_ptr<Chat>(
      grpc::internal::ClientReaderWriterFactory<ByteBuffer, ByteBuffer>::Create(channel.get(), method, context));
}
static std::string output(size_t size, size_t sent) { return text(2, number(1, size)) + payload(3, sent); }

static void large(ClientContext* context) {
  ByteBuffer answer;
  is(unary(SERVICE + "UnaryCall", number(2, 314159) + payload(3, 271828), &answer, context), StatusCode::OK);
  check(body_of(answer) == 314159, "answered with " + std::to_string(body_of(answer)) + " bytes");
}

static void ping_pong() {
  ClientContext context;
  const auto stream = chat(&context);
  const size_t sizes[][2] = {{27182, 31415}, {8, 9}, {1828, 2653}, {45904, 58979}};
  for (const auto& [request, response] : sizes) {
    check(stream->Write(bytes(output(response, request))), "cannot write");
    ByteBuffer answer;
    check(stream->Read(&answer) && body_of(answer) == response, "no answer, or another");
  }
  stream->WritesDone();
  ByteBuffer answer;
  check(!stream->Read(&answer), "answered more");
  is(stream->Finish(), StatusCode::OK);
}

static void run(const char* name, const std::function<void()>& test) {
  try {
    test();
    std::cout << "OK: " << name << std::endl;
  } catch (const std::exception& error) {
    std::cout << "FAILED: " << name << ": " << error.what() << std::endl;
  }
}

int main(int, char** argv) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // Asked for more often than anybody should, with calls or without.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 50);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  channel = grpc::CreateCustomChannel(argv[1], grpc::InsecureChannelCredentials(), arguments);
  std::cout << "version: " << grpc::Version() << std::endl;

  run("empty_unary", [] {
    ClientContext context;
    ByteBuffer answer;
    is(unary(SERVICE + "EmptyCall", "", &answer, &context), StatusCode::OK);
    check(answer.Length() == 0, "answered with bytes");
  });
  run("large_unary", [] {
    ClientContext context;
    large(&context);
  });
  for (const auto algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    run(algorithm == GRPC_COMPRESS_GZIP ? "large_unary_gzip" : "large_unary_deflate", [algorithm] {
      ClientContext context;
      context.set_compression_algorithm(algorithm);
      large(&context);
    });
  }
  run("client_streaming", [] {
    static const std::string path = SERVICE + "StreamingInputCall";
    const RpcMethod method(path.c_str(), RpcMethod::CLIENT_STREAMING, channel);
    ClientContext context;
    ByteBuffer answer;
    const std::unique_ptr<grpc::ClientWriter<ByteBuffer>> stream(
        grpc::internal::ClientWriterFactory<ByteBuffer>::Create(channel.get(), method, &context, &answer));
    for (const size_t size : {27182, 8, 1828, 45904}) check(stream->Write(bytes(payload(1, size))), "cannot write");
    stream->WritesDone();
    is(stream->Finish(), StatusCode::OK);
    // { aggregated_payload_size: 74922 }
    check(answer.Length() == number(1, 74922).size(), "answered otherwise");
  });
  run("server_streaming", [] {
    static const std::string path = SERVICE + "StreamingOutputCall";
    const RpcMethod method(path.c_str(), RpcMethod::SERVER_STREAMING, channel);
    std::string request;
    const std::vector<size_t> sizes = {31415, 9, 2653, 58979};
    for (const size_t size : sizes) request += text(2, number(1, size));
    ClientContext context;
    const std::unique_ptr<grpc::ClientReader<ByteBuffer>> stream(
        grpc::internal::ClientReaderFactory<ByteBuffer>::Create(channel.get(), method, &context, bytes(request)));
    ByteBuffer answer;
    for (const size_t size : sizes) check(stream->Read(&answer) && body_of(answer) == size, "no answer, or another");
    check(!stream->Read(&answer), "answered more");
    is(stream->Finish(), StatusCode::OK);
  });
  run("ping_pong", ping_pong);
  run("empty_stream", [] {
    ClientContext context;
    const auto stream = chat(&context);
    stream->WritesDone();
    ByteBuffer answer;
    check(!stream->Read(&answer), "answered");
    is(stream->Finish(), StatusCode::OK);
  });
  run("cancel_after_begin", [] {
    ClientContext context;
    const auto stream = chat(&context);
    context.TryCancel();
    is(stream->Finish(), StatusCode::CANCELLED);
  });
  run("cancel_after_first_response", [] {
    ClientContext context;
    const auto stream = chat(&context);
    stream->Write(bytes(output(31415, 27182)));
    ByteBuffer answer;
    check(stream->Read(&answer), "no answer");
    context.TryCancel();
    is(stream->Finish(), StatusCode::CANCELLED);
  });
  run("timeout_on_sleeping_server", [] {
    ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(100));
    const auto stream = chat(&context);
    stream->Write(bytes(payload(3, 27182)));
    ByteBuffer answer;
    check(!stream->Read(&answer), "answered");
    is(stream->Finish(), StatusCode::DEADLINE_EXCEEDED);
  });
  for (const std::string path : {SERVICE + "UnimplementedCall", std::string("/grpc.testing.Nobody/UnimplementedCall")}) {
    run(path.find("Nobody") == std::string::npos ? "unimplemented_method" : "unimplemented_service", [&path] {
      ClientContext context;
      ByteBuffer answer;
      is(unary(path, "", &answer, &context), StatusCode::UNIMPLEMENTED);
    });
  }
  for (const std::string message : {"test status message", "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001F608\t\n"}) {
    run(message[0] == 't' ? "status_code_and_message" : "special_status_message", [&message] {
      ClientContext context;
      ByteBuffer answer;
      const Status status =
          unary(SERVICE + "UnaryCall", text(7, number(1, 2) + text(2, message)), &answer, &context);
      is(status, StatusCode::UNKNOWN);
      check(status.error_message() == message, "said " + status.error_message());
    });
  }
  run("custom_metadata", [] {
    ClientContext context;
    const std::string trailing("\x0a\x0b\x0a\x0b\x0a\x0b", 6);
    context.AddMetadata("x-grpc-test-echo-initial", "test_initial_metadata_value");
    context.AddMetadata("x-grpc-test-echo-trailing-bin", trailing);
    large(&context);
    const auto& headers = context.GetServerInitialMetadata();
    const auto header = headers.find("x-grpc-test-echo-initial");
    check(header != headers.end() && header->second == "test_initial_metadata_value", "no such header");
    const auto& trailers = context.GetServerTrailingMetadata();
    const auto trailer = trailers.find("x-grpc-test-echo-trailing-bin");
    check(trailer != trailers.end() && std::string(trailer->second.data(), trailer->second.size()) == trailing, "no such trailer");
  });
}
