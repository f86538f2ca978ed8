// Stands between a client and Vakt, and remembers which lines were in requests that Vakt answered with success: those it must
// have. Some clients drop what fails, so the lines that they sent are no measure.
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { decompressSnappyFrames } from '../../src/logs/wire/snappy.ts'

export type RecordingProxy = { url: string; acknowledged: ReadonlySet<number>; close(): void }

/** A proxy to `target`, on a port of its own. A request while Vakt is away is cut off, as it would be without the proxy. */
export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const acknowledged = new Set<number>()
  const { hostname, port } = new URL(target)
  const server = createServer(async (incoming, outgoing) => {
    const body = await readAll(incoming).catch(() => null)
    if (body === null) return void incoming.destroy()
    const { method, url: path, headers } = incoming
    const forwarded = request({ hostname, port, method, path, headers }, answer => {
      readAll(answer).then(
        content => {
          if (answer.statusCode! < 300) for (const number of linesIn(body, headers)) acknowledged.add(number)
          outgoing.writeHead(answer.statusCode!, withoutLength(answer.headers)).end(content)
        },
        () => incoming.destroy(),
      )
    })
    forwarded.on('error', () => incoming.destroy())
    forwarded.end(body)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    acknowledged,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function withoutLength({ 'content-length': _, 'transfer-encoding': __, ...headers }: IncomingMessage['headers']) {
  return headers
}

/** The numbers of the lines in a body, which holds them as text in every protocol. */
function linesIn(body: Buffer, headers: IncomingMessage['headers']): number[] {
  let open: Uint8Array = body
  if (/gzip/.test(headers['content-encoding'] ?? '')) open = gunzipSync(body)
  else if (/protobuf/.test(headers['content-type'] ?? '')) {
    try {
      open = decompressSnappyFrames(body, 1e9)
    } catch {
      open = body
    }
  }
  const text = Buffer.from(open).toString('latin1')
  // In protobuf the length of a text is before it, and the next field, which may look like a digit, behind it.
  return [...text.matchAll(/([\s\S])proof line (\d+)/g)].map(([, before, digits]) =>
    Number(digits!.slice(0, before!.charCodeAt(0) - 'proof line '.length)),
  )
}
