// Makes gRPC's official interop cases with grpc-go: interop HOST:PORT prints "OK: <case>" for each that passes, and
// "FAILED: <case>: <why>" for each that does not. Messages are written by hand, so that no generator is needed.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

type raw struct{}

func (raw) Marshal(v interface{}) ([]byte, error) { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v interface{}) error {
	*v.(*[]byte) = append([]byte{}, data...)
	return nil
}
func (raw) Name() string { return "proto" }

const service = "/grpc.testing.TestService/"

var conn *grpc.ClientConn

func varint(n uint64) []byte {
	var out []byte
	for n >= 0x80 {
		out = append(out, byte(n)|0x80)
		n >>= 7
	}
	return append(out, byte(n))
}

func number(field int, n int) []byte { return append(varint(uint64(field<<3)), varint(uint64(n))...) }

func block(field int, body []byte) []byte {
	return append(append(varint(uint64(field<<3|2)), varint(uint64(len(body)))...), body...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func payload(field, size int) []byte { return block(field, block(2, make([]byte, size))) }

func echoStatus(message string) []byte {
	return block(7, join(number(1, 2), block(2, []byte(message))))
}

// What stands at a field of a message: a number, or the length and bytes of a block.
func at(message []byte, field int) (uint64, []byte) {
	read := func() uint64 {
		var n uint64
		for shift := uint(0); ; shift += 7 {
			b := message[0]
			message = message[1:]
			n |= uint64(b&0x7f) << shift
			if b < 0x80 {
				return n
			}
		}
	}
	for len(message) > 0 {
		key := read()
		value := read()
		var body []byte
		if key&7 == 2 {
			body = message[:value]
			message = message[value:]
		}
		if int(key>>3) == field {
			return value, body
		}
	}
	return 0, nil
}

func bodySize(answer []byte) int {
	_, inner := at(answer, 1)
	size, _ := at(inner, 2)
	return int(size)
}

func want(got, wanted interface{}) error {
	if fmt.Sprint(got) != fmt.Sprint(wanted) {
		return fmt.Errorf("got %v instead of %v", got, wanted)
	}
	return nil
}

func unary(ctx context.Context, method string, request []byte, options ...grpc.CallOption) ([]byte, error) {
	var answer []byte
	err := conn.Invoke(ctx, method, &request, &answer, options...)
	return answer, err
}

func open(ctx context.Context, method string, client, server bool, options ...grpc.CallOption) (grpc.ClientStream, error) {
	return conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: client, ServerStreams: server}, service+method, options...)
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func outputRequest(size, response int) []byte {
	return join(block(2, number(1, response)), payload(3, size))
}

func pingPong(ctx context.Context, after func()) error {
	stream, err := open(ctx, "FullDuplexCall", true, true)
	if err != nil {
		return err
	}
	for _, sizes := range [][2]int{{27182, 31415}, {8, 9}, {1828, 2653}, {45904, 58979}} {
		request := outputRequest(sizes[0], sizes[1])
		var answer []byte
		if err := first(stream.SendMsg(&request), stream.RecvMsg(&answer)); err != nil {
			return err
		}
		if err := want(bodySize(answer), sizes[1]); err != nil {
			return err
		}
		after()
	}
	var none []byte
	if err := first(stream.CloseSend()); err != nil {
		return err
	}
	if err := stream.RecvMsg(&none); err != io.EOF {
		return fmt.Errorf("the stream ended with %v", err)
	}
	return nil
}

func code(err error, wanted codes.Code) error { return want(status.Code(err), wanted) }

var cases = []struct {
	name string
	run  func(context.Context) error
}{
	{"empty_unary", func(ctx context.Context) error {
		answer, err := unary(ctx, service+"EmptyCall", nil)
		return first(err, want(len(answer), 0))
	}},
	{"large_unary", func(ctx context.Context) error {
		answer, err := unary(ctx, service+"UnaryCall", join(number(2, 314159), payload(3, 271828)))
		return first(err, want(bodySize(answer), 314159))
	}},
	{"client_streaming", func(ctx context.Context) error {
		stream, err := open(ctx, "StreamingInputCall", true, false)
		if err != nil {
			return err
		}
		for _, size := range []int{27182, 8, 1828, 45904} {
			request := payload(1, size)
			if err := stream.SendMsg(&request); err != nil {
				return err
			}
		}
		var answer []byte
		err = first(stream.CloseSend(), stream.RecvMsg(&answer))
		sum, _ := at(answer, 1)
		return first(err, want(sum, 74922))
	}},
	{"server_streaming", func(ctx context.Context) error {
		stream, err := open(ctx, "StreamingOutputCall", false, true)
		if err != nil {
			return err
		}
		var request []byte
		sizes := []int{31415, 9, 2653, 58979}
		for _, size := range sizes {
			request = join(request, block(2, number(1, size)))
		}
		if err := first(stream.SendMsg(&request), stream.CloseSend()); err != nil {
			return err
		}
		var received []int
		for {
			var answer []byte
			if err := stream.RecvMsg(&answer); err == io.EOF {
				return want(received, sizes)
			} else if err != nil {
				return err
			}
			received = append(received, bodySize(answer))
		}
	}},
	{"ping_pong", func(ctx context.Context) error { return pingPong(ctx, func() {}) }},
	{"empty_stream", func(ctx context.Context) error {
		stream, err := open(ctx, "FullDuplexCall", true, true)
		if err != nil {
			return err
		}
		var none []byte
		return first(stream.CloseSend(), want(stream.RecvMsg(&none), io.EOF))
	}},
	{"cancel_after_begin", func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		stream, err := open(ctx, "StreamingInputCall", true, false)
		if err != nil {
			return err
		}
		cancel()
		var none []byte
		return code(stream.RecvMsg(&none), codes.Canceled)
	}},
	{"cancel_after_first_response", func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		return code(pingPong(ctx, cancel), codes.Canceled)
	}},
	{"timeout_on_sleeping_server", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		stream, err := open(ctx, "FullDuplexCall", true, true)
		if err != nil {
			return err
		}
		request := payload(3, 27182)
		var none []byte
		return first(stream.SendMsg(&request), code(stream.RecvMsg(&none), codes.DeadlineExceeded))
	}},
	{"unimplemented_method", func(ctx context.Context) error {
		_, err := unary(ctx, service+"UnimplementedCall", nil)
		return code(err, codes.Unimplemented)
	}},
	{"unimplemented_service", func(ctx context.Context) error {
		_, err := unary(ctx, "/grpc.testing.UnimplementedService/UnimplementedCall", nil)
		return code(err, codes.Unimplemented)
	}},
	{"status_code_and_message", func(ctx context.Context) error {
		_, err := unary(ctx, service+"UnaryCall", echoStatus("test status message"))
		stream, failed := open(ctx, "FullDuplexCall", true, true)
		if failed != nil {
			return failed
		}
		request := echoStatus("test status message")
		var none []byte
		streamed := first(stream.SendMsg(&request), stream.RecvMsg(&none))
		return first(
			code(err, codes.Unknown), want(status.Convert(err).Message(), "test status message"),
			code(streamed, codes.Unknown), want(status.Convert(streamed).Message(), "test status message"))
	}},
	{"special_status_message", func(ctx context.Context) error {
		message := "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
		_, err := unary(ctx, service+"UnaryCall", echoStatus(message))
		return first(code(err, codes.Unknown), want(status.Convert(err).Message(), message))
	}},
	{"custom_metadata", func(ctx context.Context) error {
		const initial, trailing = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"
		ctx = metadata.AppendToOutgoingContext(ctx, initial, "test_initial_metadata_value", trailing, "\x0a\x0b\x0a\x0b\x0a\x0b")
		check := func(header, trailer metadata.MD) error {
			return first(
				want(header.Get(initial), []string{"test_initial_metadata_value"}),
				want(trailer.Get(trailing), []string{"\x0a\x0b\x0a\x0b\x0a\x0b"}))
		}
		var header, trailer metadata.MD
		request := join(number(2, 314159), payload(3, 271828))
		_, err := unary(ctx, service+"UnaryCall", request, grpc.Header(&header), grpc.Trailer(&trailer))
		if err := first(err, check(header, trailer)); err != nil {
			return err
		}
		stream, err := open(ctx, "FullDuplexCall", true, true)
		if err != nil {
			return err
		}
		request = outputRequest(271828, 314159)
		var answer, none []byte
		err = first(stream.SendMsg(&request), stream.RecvMsg(&answer), stream.CloseSend(), want(stream.RecvMsg(&none), io.EOF))
		header, _ = stream.Header()
		return first(err, check(header, stream.Trailer()))
	}},
}

func main() {
	encoding.RegisterCodec(raw{})
	var err error
	conn, err = grpc.Dial(os.Args[1], grpc.WithInsecure(), grpc.WithBlock(), grpc.WithDisableRetry())
	if err != nil {
		panic(err)
	}
	for _, each := range cases {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		if err := each.run(ctx); err != nil {
			fmt.Printf("FAILED: %s: %v\n", each.name, err)
		} else {
			fmt.Printf("OK: %s\n", each.name)
		}
		cancel()
	}
}
