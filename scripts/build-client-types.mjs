// Makes the types of the client package from the OpenAPI document of the service that was just compiled.
import { readFileSync, writeFileSync } from 'node:fs';
import openapiTypes, { astToString } from 'openapi-typescript';
import { apiDocument } from '../dist/src/http/openapi.js';

const TYPES = new URL('../src/client/api.generated.ts', import.meta.url);

const before = () => {
  try {
    return readFileSync(TYPES, 'utf8');
  } catch {
    return '';
  }
};

const text = `// Made by scripts/build-client-types.mjs.\n${astToString(await openapiTypes(await apiDocument()))}`;
// One that did not change is left alone, so that what follows from it is not made again.
if (text !== before()) writeFileSync(TYPES, text);
