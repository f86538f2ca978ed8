// Uploading a file in three steps: files.getUploadURLExternal, the upload itself, files.completeUploadExternal.
import { readDraft } from '../message-rules.ts'
import { asList, asObject, asText, type Obj, SlackRefusal, type StoredFile } from '../wire.ts'
import type { Workspace } from '../workspace.ts'
import type { Call, Method } from './method.ts'

const SCOPES = ['files:write']

export const fileMethods: Record<string, Method> = {
  'files.getUploadURLExternal': { tier: 4, scopes: SCOPES, run: getUploadUrl },
  'files.completeUploadExternal': { tier: 4, scopes: SCOPES, run: complete },
}

/** Takes the bytes sent to an upload URL. Throws `file_not_found` or `length_mismatch`. */
export function receiveUpload(workspace: Workspace, id: string, content: Buffer): void {
  const file = workspace.files.get(id)
  if (file === undefined) throw new SlackRefusal('file_not_found')
  if (content.length !== file.length) throw new SlackRefusal('length_mismatch')
  Object.assign(file, { content, uploaded: true })
}

/** The bytes of the only file in a multipart body, or the body itself when it is not multipart. */
export async function readUpload(body: Buffer, contentType: string): Promise<Buffer> {
  if (!contentType.startsWith('multipart/')) return body
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData()
  for (const value of form.values()) if (typeof value !== 'string') return Buffer.from(await value.arrayBuffer())
  return Buffer.alloc(0)
}

function getUploadUrl({ args, workspace, base }: Call): Obj {
  const name = asText(args.filename)
  const length = Number(args.length)
  if (name === '') throw new SlackRefusal('invalid_arguments', ['[ERROR] missing required field: filename'])
  if (!(length > 0)) throw new SlackRefusal('invalid_arguments', ['[ERROR] missing required field: length'])
  const id = workspace.id('F')
  workspace.files.set(id, { id, name, title: name, length, content: Buffer.alloc(0), uploaded: false })
  return { file_id: id, upload_url: `${base}/upload/v1/${id}` }
}

function complete({ args, workspace }: Call): Obj {
  const listed = asList(typeof args.files === 'string' ? JSON.parse(args.files) : args.files)
  const files = listed.map(item => {
    const file = workspace.files.get(asText(asObject(item)?.id))
    if (file?.uploaded !== true) throw new SlackRefusal('file_not_found')
    file.title = asText(asObject(item)?.title) || file.name
    return file
  })
  if (files.length === 0) throw new SlackRefusal('invalid_arguments', ['[ERROR] missing required field: files'])
  if (args.channel_id !== undefined) share(files, args, workspace)
  return { files: files.map(({ id, title }) => ({ id, title })) }
}

/** Slack shares a file after it has answered; whoever expects to find it at once is wrong. */
function share(files: StoredFile[], args: Obj, workspace: Workspace): void {
  const channel = workspace.channel(args.channel_id)
  if (!channel.botIsMember) throw new SlackRefusal('not_in_channel')
  const draft = readDraft({ text: args.initial_comment, blocks: args.blocks }, 'post', true)
  const thread_ts = asText(args.thread_ts)
  setImmediate(() => {
    for (const file of files) file.channel = channel.id
    workspace.post(channel.id, draft, { files, ...(thread_ts !== '' && { thread_ts }) })
  })
}
