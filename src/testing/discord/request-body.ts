// Reads a request's body off the wire: JSON, or multipart with `payload_json` and `files[n]`, within Discord's sizes.

import type { IncomingMessage } from 'node:http'
import type { Recorded } from './world-types.ts'

const PER_FILE = 10 * 1024 * 1024
const PER_REQUEST = 25 * 1024 * 1024

export interface ReadBody {
  body: unknown
  files: Recorded['files']
  tooLarge: boolean
}

/** The parsed body (`undefined` = none) and its files. A body that is not JSON comes back as the raw text. */
export async function readBody(request: IncomingMessage): Promise<ReadBody> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const raw = Buffer.concat(chunks)
  const type = request.headers['content-type'] ?? ''
  const { body, files } = type.startsWith('multipart/') ? await multipart(raw, type) : { body: json(raw), files: [] }
  return { body, files, tooLarge: raw.length > PER_REQUEST || files.some(file => file.bytes.length > PER_FILE) }
}

async function multipart(raw: Buffer, type: string): Promise<Omit<ReadBody, 'tooLarge'>> {
  const form = await new Response(new Uint8Array(raw), { headers: { 'content-type': type } }).formData()
  const files: Recorded['files'] = []
  for (const [field, value] of form)
    if (typeof value !== 'string')
      files.push({ field, name: value.name, bytes: Buffer.from(await value.arrayBuffer()) })
  const payload = form.get('payload_json')
  return { body: typeof payload === 'string' ? JSON.parse(payload) : {}, files }
}

function json(raw: Buffer): unknown {
  if (raw.length === 0) return undefined
  try {
    return JSON.parse(raw.toString('utf8'))
  } catch {
    return raw.toString('utf8')
  }
}
