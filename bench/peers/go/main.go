// Command peer is what a careful team would write by hand in Go for the same question: it parses and verifies the
// leaf of every request, looks its serial number up among the revoked ones and its device in the inventory, and
// answers. No policy, no record, no trace, nothing remembered from one request to the next.
package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"log"
	"net"
	"net/url"
	"os"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	envoytype "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
)

// device is what the inventory says about one.
type device struct {
	Status string `json:"status"`
	Class  string `json:"class"`
}

// state is all that the server knows; it does not change.
type state struct {
	// Inventory maps a device's id to its record.
	Inventory map[string]device `json:"inventory"`
	// Revoked maps serial numbers, lower-case hexadecimal, to anything.
	Revoked map[string]bool `json:"revoked"`
	// Roots and Intermediates are PEM.
	Roots         string `json:"roots"`
	Intermediates string `json:"intermediates"`
}

type server struct {
	auth.UnimplementedAuthorizationServer
	inventory map[string]device
	revoked   map[string]bool
	options   x509.VerifyOptions
}

func main() {
	address := flag.String("address", "127.0.0.1:9191", "where to listen")
	file := flag.String("state", "state.json", "inventory, revoked serial numbers, certificates of CAs")
	flag.Parse()
	read, err := readState(*file)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	serving := grpc.NewServer()
	auth.RegisterAuthorizationServer(serving, newServer(read))
	log.Fatal(serving.Serve(listener))
}

func readState(file string) (*state, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	read := &state{}
	return read, json.Unmarshal(text, read)
}

func newServer(read *state) *server {
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(read.Roots))
	intermediates.AppendCertsFromPEM([]byte(read.Intermediates))
	return &server{
		inventory: read.Inventory,
		revoked:   read.Revoked,
		options: x509.VerifyOptions{
			Roots:         roots,
			Intermediates: intermediates,
			KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		},
	}
}

// Check answers Envoy's ext_authz.
func (s *server) Check(_ context.Context, request *auth.CheckRequest) (*auth.CheckResponse, error) {
	if reason := s.refuse(request.GetAttributes().GetSource().GetCertificate()); reason != "" {
		return denied(reason), nil
	}
	return &auth.CheckResponse{
		Status: &rpcstatus.Status{Code: int32(codes.OK)},
		HttpResponse: &auth.CheckResponse_OkResponse{OkResponse: &auth.OkHttpResponse{
			Headers: []*core.HeaderValueOption{header("x-device-assurance", "device_proved")},
		}},
	}, nil
}

// refuse answers why a connection with this certificate (URL-encoded PEM) is refused, or nothing.
func (s *server) refuse(encoded string) string {
	text, err := url.PathUnescape(encoded)
	if err != nil {
		return "certificate is not URL-encoded"
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return "no certificate"
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "certificate cannot be read"
	}
	if _, err := leaf.Verify(s.options); err != nil {
		return "certificate is not trusted"
	}
	if s.revoked[leaf.SerialNumber.Text(16)] {
		return "certificate is revoked"
	}
	found, known := s.inventory[leaf.Subject.CommonName]
	if !known || found.Status != "active" {
		return "device is not active"
	}
	return ""
}

func denied(reason string) *auth.CheckResponse {
	return &auth.CheckResponse{
		Status: &rpcstatus.Status{Code: int32(codes.PermissionDenied), Message: reason},
		HttpResponse: &auth.CheckResponse_DeniedResponse{DeniedResponse: &auth.DeniedHttpResponse{
			Status: &envoytype.HttpStatus{Code: envoytype.StatusCode_Forbidden},
		}},
	}
}

func header(name, value string) *core.HeaderValueOption {
	return &core.HeaderValueOption{Header: &core.HeaderValue{Key: name, Value: value}}
}
