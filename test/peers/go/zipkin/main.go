// A Zipkin collector that takes what OpenZipkin's own model of a span takes, and prints each span on a line as that
// model writes it. It prints its address first, and ends with its standard input.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"

	"github.com/openzipkin/zipkin-go/model"
)

var kinds = map[model.Kind]bool{model.Client: true, model.Server: true, model.Producer: true, model.Consumer: true, model.Undetermined: true}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	http.HandleFunc("/api/v2/spans", takeSpans)
	go http.Serve(listener, nil)
	io.Copy(io.Discard, os.Stdin)
}

var printing sync.Mutex

func takeSpans(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
		http.Error(w, "expected a POST of application/json", http.StatusBadRequest)
		return
	}
	var spans []model.SpanModel
	if err := json.NewDecoder(r.Body).Decode(&spans); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, span := range spans {
		if err := check(span); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	printing.Lock()
	defer printing.Unlock()
	for _, span := range spans {
		line, err := json.Marshal(span)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Println(string(line))
	}
	w.WriteHeader(http.StatusAccepted)
}

func check(span model.SpanModel) error {
	switch {
	case span.TraceID.Empty():
		return fmt.Errorf("span %s has no trace", span.ID)
	case !kinds[span.Kind]:
		return fmt.Errorf("span %s has the kind %q", span.ID, span.Kind)
	case span.Timestamp.IsZero() || span.Duration <= 0:
		return fmt.Errorf("span %s has no time", span.ID)
	case span.LocalEndpoint.Empty():
		return fmt.Errorf("span %s names no service", span.ID)
	}
	return nil
}
