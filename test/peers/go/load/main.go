// Calls a method of several instances in turn until SIGTERM: load METHOD HOST:PORT... Prints {"msg":"called"} once
// every instance has answered, and at the end {"msg":"outcomes"} with how often each answer and each error came.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"
)

type raw struct{}

func (raw) Marshal(v interface{}) ([]byte, error) { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v interface{}) error {
	*v.(*[]byte) = append([]byte{}, data...)
	return nil
}
func (raw) Name() string { return "proto" }

func print(msg string, outcomes map[string]int) {
	line, _ := json.Marshal(map[string]interface{}{"msg": msg, "outcomes": outcomes})
	fmt.Println(string(line))
}

func main() {
	method, instances := os.Args[1], os.Args[2:]
	addresses := []resolver.Address{}
	for _, address := range instances {
		addresses = append(addresses, resolver.Address{Addr: address})
	}
	scheme := manual.NewBuilderWithScheme("instances")
	scheme.InitialState(resolver.State{Addresses: addresses})
	conn, err := grpc.Dial("instances:///", grpc.WithInsecure(), grpc.WithResolvers(scheme),
		grpc.WithDefaultServiceConfig(`{"loadBalancingPolicy":"round_robin"}`),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{})))
	if err != nil {
		panic(err)
	}
	call := func(options ...grpc.CallOption) (string, error) {
		request, response := []byte{}, []byte{}
		err := conn.Invoke(context.Background(), method, &request, &response, options...)
		return string(response), err
	}
	if _, err := call(grpc.WaitForReady(true)); err != nil {
		panic(err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)

	var mutex sync.Mutex
	var workers sync.WaitGroup
	outcomes, stopped := map[string]int{}, false
	for i := 0; i < 8; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for {
				outcome, err := call()
				if err != nil {
					outcome = fmt.Sprintf("%s: %s", status.Code(err), err)
				}
				mutex.Lock()
				outcomes[outcome]++
				if outcomes[outcome] == 1 && len(outcomes) == len(instances) {
					print("called", outcomes)
				}
				done := stopped
				mutex.Unlock()
				if done {
					return
				}
			}
		}()
	}
	<-stop
	mutex.Lock()
	stopped = true
	mutex.Unlock()
	workers.Wait()
	print("outcomes", outcomes)
}
