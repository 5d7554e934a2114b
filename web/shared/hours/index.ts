export * from './format'
export * from './ribbon'
