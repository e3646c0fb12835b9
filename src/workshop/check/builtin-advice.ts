/**
 * What to use instead of each function that `opa` has and the engine lacks. Sentences go on from "use"; every function of
 * `opa capabilities --current` that `rego/capabilities.json` does not list has its line, which a test sees to.
 */

const facts =
  'what the input says already; where it lacks a fact, let the configuration make one under `custom`';
const clock =
  'the times that the input has worked out: `now_s`, `weekday`, `minute_of_day`, and ages in seconds';
const credential =
  "the input's facts about the certificate, such as `issuer`, `device_id`, `key_algorithm`, `remaining_s`";
const token =
  "the input's facts about attestation: `attestation_status`, `attestation_tier`, `attestation_findings`";
const network =
  "`source_outside` with networks in the class's, the device's or the enforcement point's list, or `net.cidr_contains`";
const patterns = '`regex.match`, `glob.match`, `startswith`, `split` or `trim_prefix`';
const digest =
  'the digests in the input, such as `key_digest` and `certificate_fingerprint`, or compare digests in data';
const cast =
  '`is_string`, `is_number` and the like to ask for a kind, `to_number` and `format_int` to change one';
const parsed = 'data that is parsed when the bundle is built: put the document into the data folder';
const encoded =
  '`base64.decode`, `base64url.decode` or `json.unmarshal` on what there is, or data in its decoded form';
const compatibility =
  'policy.compat: opa-envoy for policies that were written for it, where this function is supplied';
const joined = '`concat` with `format_int`, or values in the detail of a reason, which need no text';
const steady =
  'values from the input: the same connection has to get the same answer, now and when it is replayed';
const schema = 'comparisons of the fields that matter: the input fits its schema already';

export const builtinAdvice: Readonly<Record<string, string>> = {
  all: '`every x in xs { x }`',
  any: '`some x in xs; x`, or `true in xs`',
  'base64url.encode_no_pad': '`base64url.encode` and `trim_right(…, "=")`',
  cast_array: cast,
  cast_boolean: cast,
  cast_null: cast,
  cast_object: cast,
  cast_set: cast,
  cast_string: cast,
  'crypto.hmac.equal': digest,
  'crypto.hmac.md5': digest,
  'crypto.hmac.sha1': digest,
  'crypto.hmac.sha256': digest,
  'crypto.hmac.sha512': digest,
  'crypto.md5': digest,
  'crypto.parse_private_keys': 'nothing: a policy has no business with private keys',
  'crypto.sha1': digest,
  'crypto.sha256': `${digest}; ${compatibility}`,
  'crypto.x509.parse_and_verify_certificates': `${credential}: the path is validated before the policy is asked`,
  'crypto.x509.parse_and_verify_certificates_with_options': `${credential}: the path is validated before the policy is asked`,
  'crypto.x509.parse_certificate_request': credential,
  'crypto.x509.parse_certificates': `${credential}; ${compatibility}`,
  'crypto.x509.parse_keypair': 'nothing: a policy has no business with private keys',
  'crypto.x509.parse_rsa_private_key': 'nothing: a policy has no business with private keys',
  'glob.quote_meta': '`startswith`, `endswith` or equality for texts that are meant as they are',
  'graph.reachable_paths': '`graph.reachable`, which tells the nodes',
  'graphql.is_valid': facts,
  'graphql.parse': facts,
  'graphql.parse_and_verify': facts,
  'graphql.parse_query': facts,
  'graphql.parse_schema': facts,
  'graphql.schema_is_valid': facts,
  'hex.decode':
    'hex as it is: serials and digests of the input are lower-case hex, and so should those in data be',
  'hex.encode':
    'hex as it is: serials and digests of the input are lower-case hex, and so should those in data be',
  'http.send': 'data in the bundle, or a fact of the inventory: a decision asks nobody over the network',
  indexof_n: '`indexof`, or `split` and the positions of its parts',
  'internal.template_string': joined,
  'io.jwt.decode': `${token}; ${compatibility}`,
  'io.jwt.decode_verify': `${token}; ${compatibility}`,
  'io.jwt.encode_sign': 'nothing: a policy signs no tokens',
  'io.jwt.encode_sign_raw': 'nothing: a policy signs no tokens',
  'io.jwt.verify_eddsa': token,
  'io.jwt.verify_es256': token,
  'io.jwt.verify_es384': token,
  'io.jwt.verify_es512': token,
  'io.jwt.verify_hs256': token,
  'io.jwt.verify_hs384': token,
  'io.jwt.verify_hs512': token,
  'io.jwt.verify_ps256': token,
  'io.jwt.verify_ps384': token,
  'io.jwt.verify_ps512': token,
  'io.jwt.verify_rs256': token,
  'io.jwt.verify_rs384': token,
  'io.jwt.verify_rs512': token,
  'json.marshal_with_options': '`json.marshal`',
  'json.match_schema': schema,
  'json.patch': '`object.union`, `object.remove`, `json.filter` or `json.remove`',
  'json.verify_schema': schema,
  'net.cidr_contains_matches': '`net.cidr_contains` in a comprehension over the networks',
  'net.cidr_expand': '`net.cidr_contains`: a network need not be spelt out to be asked',
  'net.cidr_is_valid': 'networks in data that were checked when the bundle was built',
  'net.cidr_merge': 'networks that are merged in data already',
  'net.cidr_overlap': '`net.cidr_intersects`',
  'net.lookup_ip_addr': `${network}: a decision asks nobody over the network`,
  'numbers.range_step': '`numbers.range` and a condition on the remainder',
  'object.subset': '`every k, v in small { large[k] == v }`',
  'opa.runtime': 'data in the bundle, or a fact of the configuration under `custom`',
  'providers.aws.sign_req': 'nothing: a decision asks nobody over the network',
  'rand.intn': `${steady}; for a share of devices, a digit of \`certificate_fingerprint\``,
  re_match: '`regex.match`',
  'regex.find_n': patterns,
  'regex.globs_match': '`glob.match`',
  'regex.replace': `${patterns}, or \`replace\``,
  'regex.split': '`split`, or `regex.match` for the whole',
  'regex.template_match': patterns,
  'rego.metadata.chain': 'the text of the reason that is declared in `policy.yaml`',
  'rego.metadata.rule': 'the text of the reason that is declared in `policy.yaml`',
  'rego.parse_module': parsed,
  'semver.compare':
    "the class's `firmware.minimum`, and `firmware_findings`, which compare versions before the policy is asked",
  'semver.is_valid': '`regex.match`',
  set_diff: '`a - b`',
  sprintf: `${joined}; ${compatibility}`,
  'strings.any_prefix_match': '`some p in prefixes; startswith(text, p)`',
  'strings.any_suffix_match': '`some p in suffixes; endswith(text, p)`',
  'strings.count': '`count(split(text, part)) - 1`',
  'strings.render_template': joined,
  'strings.split_n': '`split` and the parts that are wanted',
  'time.add_date': clock,
  'time.clock': '`minute_of_day`, in UTC',
  'time.date': clock,
  'time.diff': clock,
  'time.format': clock,
  'time.now_ns': `\`now_s\`, the decision's own time in seconds, and the ages that are worked out from it; ${compatibility}`,
  'time.parse_duration_ns': 'seconds as numbers in data',
  'time.parse_ns': 'Unix seconds as numbers in data, compared with `now_s`',
  'time.parse_rfc3339_ns': `Unix seconds as numbers in data, compared with \`now_s\`; ${compatibility}`,
  'time.weekday': '`weekday`, 0 = Sunday',
  trace: 'nothing: `portreeve policy test --explain` shows what was evaluated',
  'units.parse': 'plain numbers in data',
  'units.parse_bytes': 'plain numbers in data',
  'uri.is_valid': '`http_host` and `http_path`, which are normalised already',
  'uri.parse': '`http_host` and `http_path`, which are normalised already',
  'urlquery.decode': '`http_path`, which is decoded and has no query',
  'urlquery.decode_object': '`http_path`, which is decoded and has no query',
  'urlquery.encode': '`http_path`, which is decoded and has no query',
  'urlquery.encode_object': '`http_path`, which is decoded and has no query',
  'uuid.parse': '`regex.match`',
  'uuid.rfc4122': steady,
  'yaml.is_valid': parsed,
  'yaml.marshal': '`json.marshal`',
  'yaml.unmarshal': `${encoded}; YAML in the data folder is read when the bundle is built`,
};

/** For a function that no line is for: of a newer `opa`, or one that the project's own capabilities leave out. */
export const unknownAdvice = `${facts}, or a function that \`capabilities.json\` lists`;
