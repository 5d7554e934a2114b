import type { Component } from 'vue'
import type { RouteRecordRaw } from 'vue-router'

/** What a feature adds to the application; found by its file name. */
export interface Feature {
  routes: RouteRecordRaw[]
  /** A menu entry of the header, in order. */
  menu?: { to: string; label: string; order: number }
  /** Menu entries of the desk of staff. */
  desk?: DeskEntry[]
}

export interface DeskEntry {
  to: string
  label: string
  order: number
  icon: Component
  /** Shown to who has this permission. */
  needs: string
}

declare module 'vue-router' {
  interface RouteMeta {
    /** Reachable without a login, and shown without the header. */
    public?: boolean
    /** The menu entry that is lit. */
    menu?: string
    /** Locale key of the window's title. */
    title?: string
    /** A page of staff: shown in their shell, after their login. */
    desk?: boolean
    /** The permission without which the page says that it is not for you. */
    needs?: string
  }
}

const modules = import.meta.glob<{ default: Feature }>('./*/routes.ts', { eager: true })
const features = Object.values(modules).map((module) => module.default)

export const routes: RouteRecordRaw[] = features.flatMap((feature) => feature.routes)
export const menu = features
  .flatMap((feature) => (feature.menu ? [feature.menu] : []))
  .sort((a, b) => a.order - b.order)
export const deskMenu = features.flatMap((feature) => feature.desk ?? []).sort((a, b) => a.order - b.order)
