import type { Database } from '../database/database.js'

/** Lets an account sign in, or not. What it holds already is the caller's to end. */
export async function setActive(tx: Database, userId: string, isActive: boolean): Promise<void> {
  await tx.prisma.user.updateMany({ where: { id: userId }, data: { isActive } })
}

/** Gives an account another role. Its next access token carries it. */
export async function setAccountRole(tx: Database, userId: string, role: number): Promise<void> {
  await tx.prisma.user.updateMany({ where: { id: userId }, data: { role } })
}
