// What the OpenAPI document says of the routes by which other programs report alerts.

const ALERT = {
  type: 'object',
  required: ['key'],
  properties: {
    key: { type: 'string', description: 'Tells this trouble from others of the project, such as db-1/disk.' },
    title: { type: 'string', description: 'Needed while it fires.' },
    severity: { type: 'string', enum: ['info', 'warning', 'critical'], description: 'warning unless said' },
    state: { type: 'string', enum: ['firing', 'resolved'], description: 'firing unless said' },
    since: { type: 'string', format: 'date-time' },
    labels: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'What routes and silences match.',
    },
    lines: { type: 'array', items: { type: 'string' } },
    link: { type: 'string', format: 'uri' },
  },
}

const responses = {
  200: {
    description:
      '{fired, repeated, resolved, ignored, rejected, errors:[{index, field, message}]}; a repeat changes nothing.',
    content: { 'application/json': {} },
  },
  ...Object.fromEntries([400, 401, 413, 422, 429].map(status => [status, { description: '{error:{code, message}}' }])),
}

/** The paths below /api/alerts. */
export const ALERT_PATHS = {
  '/api/alerts': {
    post: {
      summary: 'Report alerts, or their end',
      requestBody: {
        content: {
          'application/json': {
            schema: {
              oneOf: [
                ALERT,
                { type: 'array', items: ALERT },
                { type: 'object', properties: { alerts: { type: 'array', items: ALERT } } },
              ],
            },
          },
        },
      },
      responses,
    },
  },
  '/api/alerts/alertmanager': {
    post: {
      summary: 'A webhook for Prometheus Alertmanager (version 4)',
      description:
        'Set it as the url of a webhook_config, with the key of a project as http_config.authorization.credentials.',
      requestBody: { content: { 'application/json': { schema: { type: 'object' } } } },
      responses,
    },
  },
}
