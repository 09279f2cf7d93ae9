import type { z } from 'zod';
import type { Principal } from '../access/principal.js';
import type { Scope } from '../access/scopes.js';

declare module 'fastify' {
  interface FastifyRequest {
    principal?: Principal;
  }
  interface FastifyContextConfig {
    scope?: Scope | 'public' | 'member';
    /** Shapes of a body that the handler reads by itself, by content type. */
    consumes?: Readonly<Record<string, z.ZodType>> | undefined;
  }
}
