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
  signature: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Vakt-Signature',
    description: [
      '`v1=` and the HMAC-SHA256, in hexadecimal, of the text `<timestamp>.<raw body>` with the secret of the key:',
      'the value of `X-Vakt-Timestamp`, a full stop, and the bytes of the body exactly as they are sent, after',
      'compression. A request without a body signs `<timestamp>.`. Each signature is accepted once.',
      '',
      '    body=\'{"message":"hello"}\' ; now=$(date +%s)',
      '    hmac=$(printf %s "$now.$body" | openssl dgst -sha256 -hmac "$SECRET" -r | cut -d" " -f1)',
      '    curl -H "X-Vakt-Key: $KEY_ID" -H "X-Vakt-Timestamp: $now" -H "X-Vakt-Signature: v1=$hmac" \\',
      '      -H "Content-Type: application/json" --data-binary "$body" http://127.0.0.1:8080/api/logs',
    ].join('\n'),
  },
} as const

const KEY: { [scheme: string]: string[] }[] = [
  { bearer: [] },
  { apiKey: [] },
  { keyId: [], timestamp: [], signature: [] },
]

/** A route that needs a key, in any of the ways. */
export const withKey = { security: KEY }
/** A route that answers everybody, and says more to who shows a key. */
export const withOptionalKey = { security: [{}, { bearer: [] }, { apiKey: [] }] as { [scheme: string]: string[] }[] }
/** A route that needs no key, or whose URL is the secret. */
export const withoutKey = { security: [] as { [scheme: string]: string[] }[] }
