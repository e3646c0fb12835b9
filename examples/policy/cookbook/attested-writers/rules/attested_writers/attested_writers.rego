# METADATA
# title: Attested writers
# description: >-
#   Whoever writes to the hosts of data/writers.yaml is attested. What reads is listed, and everything else writes: also a
#   method that nobody has heard of, and a connection of which nobody sees what it does.
package rules.attested_writers

# METADATA
# description: writer_not_attested for a writer of less assurance
# scope: document
deny contains {
	"code": "custom.writer_not_attested",
	"detail": {"http_method": input.http_method, "assurance": input.assurance},
} if {
	_guarded
	not _reading
	not _attested
}

# The host by the request, or, where nobody reads the request, by the handshake.
_guarded if input.http_host in data.attested_writers.hosts

_guarded if input.sni in data.attested_writers.hosts

_reading if input.http_method in data.attested_writers.reading

_attested if input.assurance == "attested"
