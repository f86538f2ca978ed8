// The intake described for people: the OpenAPI document as one page that needs nothing from elsewhere.
import type { openApi } from './openapi.ts'

/** The document as HTML. */
export function docsPage(document: ReturnType<typeof openApi>): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, operation]) =>
      operationHtml(method, path, operation),
    ),
  )
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Vakt ${escapeHtml(document.info.version)}</title><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1a202c;background:#fff}
code,pre{font:14px ui-monospace,monospace;background:#edf2f7;border-radius:4px;padding:.1em .3em}pre{padding:.8em;overflow:auto;white-space:pre-wrap}
h2{font-size:1.05rem;margin-top:2rem}b.m{display:inline-block;min-width:4rem;text-transform:uppercase}dt{font-family:ui-monospace,monospace}
@media(prefers-color-scheme:dark){body{color:#e2e8f0;background:#171923}code,pre{background:#2d3748}}
</style><h1>Vakt</h1><p>${escapeHtml(document.info.description)} The same for machines: <a href="/openapi.json">/openapi.json</a>.</p>
${operations.join('\n')}</html>`
}

type Operation = {
  summary: string
  description?: string
  parameters?: { name: string; description?: string }[]
  responses: Record<string, { description: string }>
}

function operationHtml(method: string, path: string, operation: Operation): string {
  const parameters = (operation.parameters ?? []).map(
    one => `<dt>${escapeHtml(one.name)}</dt><dd>${escapeHtml(one.description ?? '')}</dd>`,
  )
  const answers = Object.entries(operation.responses).map(
    ([code, one]) => `<dt>${code}</dt><dd>${escapeHtml(one.description)}</dd>`,
  )
  return `<h2><b class="m">${method}</b> <code>${escapeHtml(path)}</code> ${escapeHtml(operation.summary)}</h2>
${operation.description ? `<pre>${escapeHtml(operation.description)}</pre>` : ''}<dl>${parameters.join('')}</dl><dl>${answers.join('')}</dl>`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, letter => `&#${letter.charCodeAt(0)};`)
}
