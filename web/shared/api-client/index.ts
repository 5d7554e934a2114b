/** The first-party API, typed from its OpenAPI document. */
import createFetchClient, { type Client, type Middleware } from 'openapi-fetch'
import type { components, paths } from './schema'

export type Schemas = components['schemas']
export type ApiClient = Client<paths>

/** A request that was answered with a problem, or not at all. `code` is stable; clients translate it. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string | null = null,
    /** Seconds after which a retry makes sense. */
    readonly retryAfter: number | null = null,
    /** The server's number of the request, for the help desk. */
    readonly requestId: string | null = null,
    /** The field of the request that is wrong, if one is known. */
    readonly field: string | null = null,
  ) {
    super(title === '' ? code : title)
    this.name = 'ApiProblem'
  }
}

/** No answer came at all. */
export const UNREACHABLE = 'unreachable'

export interface ClientOptions {
  baseUrl?: string
  fetch?: typeof fetch
  /** The session is over, and why; called once for each answer that says so. */
  onUnauthenticated?: (problem: ApiProblem) => void
}

export function createClient({ baseUrl = '', fetch: send, onUnauthenticated }: ClientOptions = {}): ApiClient {
  const client = createFetchClient<paths>({ baseUrl, credentials: 'same-origin', ...(send ? { fetch: send } : {}) })
  client.use(problems(onUnauthenticated))
  return client
}

/** The body of an answer; problems are thrown by the client before this is reached. */
export async function bodyOf<T>(request: Promise<{ data?: T }>): Promise<T> {
  const { data } = await request
  if (data === undefined) throw new ApiProblem(0, UNREACHABLE, '')
  return data
}

function problems(onUnauthenticated?: (problem: ApiProblem) => void): Middleware {
  return {
    async onResponse({ response }) {
      if (response.ok) return undefined
      const problem = await toProblem(response)
      if (response.status === 401 && problem.code !== 'login_failed') onUnauthenticated?.(problem)
      throw problem
    },
    onError({ error }) {
      return error instanceof ApiProblem ? error : new ApiProblem(0, UNREACHABLE, '')
    },
  }
}

async function toProblem(response: Response): Promise<ApiProblem> {
  const header = Number(response.headers.get('retry-after'))
  const retryAfter = Number.isFinite(header) && header > 0 ? header : null
  const body: unknown = await response.json().catch(() => null)
  return new ApiProblem(
    response.status,
    text(body, 'code') ?? `http_${response.status}`,
    text(body, 'title') ?? '',
    text(body, 'detail'),
    retryAfter,
    response.headers.get('x-request-id'),
    firstField(body),
  )
}

function firstField(body: unknown): string | null {
  const errors: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'errors') : null
  return Array.isArray(errors) ? text(errors[0], 'field') : null
}

function text(body: unknown, key: string): string | null {
  if (typeof body !== 'object' || body === null) return null
  const value: unknown = Reflect.get(body, key)
  return typeof value === 'string' ? value : null
}
