// How requests prove who sends them, as the OpenAPI document says it.

/** The security schemes by name. */
export const SECURITY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description:
      'The secret of a key, from `keys create <project>`, or the admin key, which is in `DATA_DIR/admin.key`.',
  },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'The same secret in a header of its own.' },
  keyHeader: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: [
      'The secret of a key as other clients send it: `ApiKey <key>` or `ApiKey <base64 of id:key>` (Elasticsearch),',
      '`Splunk <key>`, `Token <key>`, or the key alone; also in `DD-API-KEY` (Datadog) and `X-Seq-ApiKey` (Seq). Not the',
      'admin key.',
    ].join('\n'),
  },
  basic: {
    type: 'http',
    scheme: 'basic',
    description: 'Any user, with the secret of a key as the password. Not the admin key.',
  },
  keyParameter: {
    type: 'apiKey',
    in: 'query',
    name: 'key',
    description: 'The secret of a key, for clients that take only a URL. No log of Vakt shows it. Not the admin key.',
  },
  satelliteKey: {
    type: 'http',
    scheme: 'bearer',
    description:
      'The key of a satellite, from `satellites add <name>`. It opens the routes of satellites and no other.',
  },
  keyId: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Vakt-Key',
    description: 'The id of a key made with `keys create <project> --signed`. The secret itself is never sent.',
  },
  timestamp: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Vakt-Timestamp',
    description: 'When the request was signed, in unix seconds. It may be 5 minutes old or ahead.',
  },
  nonce: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Vakt-Nonce',
    description: '16 to 64 letters, digits, `-` and `_`, new for every request. It is accepted once.',
  },
  signature: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Vakt-Signature',
    description: [
      '`v2=` and the HMAC-SHA256, in lower-case hexadecimal, of six lines with the secret of the key: `v2`, the method, the',
      'path with its query as they are sent (no `?` that nothing follows), the timestamp, the nonce, and the SHA-256 of the',
      'body in hexadecimal. The body is signed as it is sent, after compression; the lines are joined by line feeds.',
      '',
      '    body=\'{"message":"hello"}\' now=$(date +%s) nonce=$(openssl rand -hex 16)',
      '    hash=$(printf %s "$body" | openssl dgst -sha256 -r | cut -d" " -f1)',
      '    hmac=$(printf \'v2\\nPOST\\n/api/logs\\n%s\\n%s\\n%s\' "$now" "$nonce" "$hash" |',
      '      openssl dgst -sha256 -hmac "$SECRET" -r | cut -d" " -f1)',
      '    curl -H "X-Vakt-Key: $KEY_ID" -H "X-Vakt-Timestamp: $now" -H "X-Vakt-Nonce: $nonce" -H "X-Vakt-Signature: v2=$hmac" \\',
      '      -H "Content-Type: application/json" --data-binary "$body" http://127.0.0.1:8080/api/logs',
      '',
      '`POST /api/logs` also takes the first version, without a nonce: `v1=` and the HMAC of `<timestamp>.<raw body>`.',
    ].join('\n'),
  },
} as const

const KEY: { [scheme: string]: string[] }[] = [
  { bearer: [] },
  { apiKey: [] },
  { keyHeader: [] },
  { keyId: [], timestamp: [], nonce: [], signature: [] },
]

/** What routes that take lines and alerts accept beside. */
const INTAKE_KEY: { [scheme: string]: string[] }[] = [...KEY, { basic: [] }, { keyParameter: [] }]

/** A route that needs a key, in any of the ways. */
export const withKey = { security: KEY }
/** A route that takes log lines or alerts. */
export const withIntakeKey = { security: INTAKE_KEY }
/** A route that answers everybody, and says more to who shows a key. */
export const withOptionalIntakeKey = { security: [{}, ...INTAKE_KEY] }
/** A route that needs no key, or whose URL is the secret. */
export const withoutKey = { security: [] as { [scheme: string]: string[] }[] }
