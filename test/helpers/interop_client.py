"""An independent client: grpcio with stubs that protoc makes of proto/ at this moment.

Usage: interop_client.py PROTO_FOLDER WORK_FOLDER ADDRESS < request.json

Reads {"allowed": PEM, "denied": PEM, "allowed_der": BASE64, "denied_der": BASE64} and prints one JSON object with
everything that the server answered, for the test to judge. Knows nothing of Portreeve but its protos.
"""

import base64
import importlib
import json
import sys
import urllib.parse
from pathlib import Path

import grpc
from google.protobuf.json_format import MessageToDict
from grpc_tools import protoc

proto_folder, work_folder, address = sys.argv[1:4]

# What every gRPC ecosystem has of its own; written here because grpcio-tools carries no copies.
WELL_KNOWN = {
    "grpc/health/v1/health.proto": """
syntax = "proto3";
package grpc.health.v1;
message HealthCheckRequest { string service = 1; }
message HealthCheckResponse {
  enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
  ServingStatus status = 1;
}
service Health { rpc Check(HealthCheckRequest) returns (HealthCheckResponse); }
""",
    "grpc/reflection/v1/reflection.proto": """
syntax = "proto3";
package grpc.reflection.v1;
message ServerReflectionRequest { string host = 1; oneof message_request { string file_containing_symbol = 4; string list_services = 7; } }
message ServerReflectionResponse {
  oneof message_response {
    FileDescriptorResponse file_descriptor_response = 4;
    ListServiceResponse list_services_response = 6;
    ErrorResponse error_response = 7;
  }
}
message FileDescriptorResponse { repeated bytes file_descriptor_proto = 1; }
message ListServiceResponse { repeated ServiceResponse service = 1; }
message ServiceResponse { string name = 1; }
message ErrorResponse { int32 error_code = 1; string error_message = 2; }
service ServerReflection { rpc ServerReflectionInfo(stream ServerReflectionRequest) returns (stream ServerReflectionResponse); }
""",
}


def make_stubs() -> None:
    stubs = Path(work_folder) / "stubs"
    own = Path(work_folder) / "protos"
    stubs.mkdir()
    for name, text in WELL_KNOWN.items():
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_text(text)
    include = Path(protoc.__file__).parent / "_proto"
    files = [str(path.relative_to(proto_folder)) for path in sorted(Path(proto_folder).rglob("*.proto"))]
    code = protoc.main(
        ["protoc", f"-I{proto_folder}", f"-I{own}", f"-I{include}", f"--python_out={stubs}", f"--grpc_python_out={stubs}"]
        + files
        + list(WELL_KNOWN)
    )
    if code != 0:
        sys.exit(f"protoc answered {code}")
    sys.path.insert(0, str(stubs))
    # Installed packages of these names (gRPC itself, Envoy's binary) would hide the stubs below them.
    for name in ("envoy", "grpc"):
        package = importlib.import_module(name)
        package.__path__.append(str(stubs / name))


def as_dict(message) -> dict:
    return MessageToDict(message, preserving_proto_field_name=True)


def main() -> None:
    make_stubs()
    from envoy.service.auth.v3 import attribute_context_pb2, external_auth_pb2, external_auth_pb2_grpc
    from grpc.health.v1 import health_pb2, health_pb2_grpc
    from grpc.reflection.v1 import reflection_pb2, reflection_pb2_grpc
    from portreeve.v1 import decision_pb2, decision_pb2_grpc

    given = json.load(sys.stdin)
    channel = grpc.insecure_channel(address)
    ext_authz = external_auth_pb2_grpc.AuthorizationStub(channel)
    native = decision_pb2_grpc.DecisionServiceStub(channel)
    health = health_pb2_grpc.HealthStub(channel)
    reflection = reflection_pb2_grpc.ServerReflectionStub(channel)

    def check(pem, http: bool) -> dict:
        attributes = attribute_context_pb2.AttributeContext()
        attributes.source.address.socket_address.address = "127.0.0.1"
        attributes.source.address.socket_address.port_value = 40000
        if pem is not None:
            attributes.source.certificate = urllib.parse.quote(pem, safe="")
        if http:
            request = attributes.request.http
            request.method, request.host, request.path = "GET", "ingest.example", "/readings"
            request.headers["x-portreeve-device"] = "forged"
        return as_dict(ext_authz.Check(external_auth_pb2.CheckRequest(attributes=attributes), timeout=10))

    def request_of(der):
        request = decision_pb2.DecideRequest(source_ip="127.0.0.1", connection_id="interop-1")
        if der is None:
            request.authenticated_by = decision_pb2.AUTHENTICATED_BY_NONE
        else:
            request.authenticated_by = decision_pb2.AUTHENTICATED_BY_DEVICE_TLS
            request.peer_chain.append(base64.b64decode(der))
        return request

    def decide(der) -> dict:
        return as_dict(native.Decide(request_of(der), timeout=10))

    def decide_batch(ders) -> dict:
        batch = decision_pb2.DecideBatchRequest(connections=[request_of(der) for der in ders])
        return as_dict(native.DecideBatch(batch, timeout=10))

    def health_of(service: str) -> str:
        answer = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
        return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)

    def reflect(**wanted):
        request = reflection_pb2.ServerReflectionRequest(**wanted)
        return next(reflection.ServerReflectionInfo(iter([request]), timeout=10))

    described = reflect(file_containing_symbol="portreeve.v1.DecisionService").file_descriptor_response
    print(
        json.dumps(
            {
                "check": {
                    "http_allowed": check(given["allowed"], True),
                    "http_denied": check(given["denied"], True),
                    "http_nobody": check(None, True),
                    "l4_allowed": check(given["allowed"], False),
                    "l4_denied": check(given["denied"], False),
                },
                "decide": {
                    "allowed": decide(given["allowed_der"]),
                    "denied": decide(given["denied_der"]),
                    "nobody": decide(None),
                    "unspecified": as_dict(native.Decide(decision_pb2.DecideRequest(), timeout=10)),
                },
                "batch": decide_batch([given["denied_der"], given["allowed_der"], None]),
                "empty_batch": decide_batch([]),
                "health": {
                    name: health_of(name)
                    for name in ("", "envoy.service.auth.v3.Authorization", "portreeve.v1.DecisionService")
                },
                "services": [one.name for one in reflect(list_services="").list_services_response.service],
                "descriptors": len(described.file_descriptor_proto),
            }
        )
    )


main()
