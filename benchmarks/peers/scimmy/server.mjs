// The peer on Node.js: scimmy-routers on Express 4, as its README shows; the ingress, egress and degress handlers are
// ours. One table in PostgreSQL holds users and groups; the name that must be unique in a type is an indexed column, so
// that `userName eq` is one look into an index. Lists are paged by the database. What SCIMMY does not do by itself
// (versions, references by the other's name, locks between PATCHes of one group) is left out, which spares it work.
//
// Environment: PEER_DATABASE_URL, PEER_PORT, PEER_TOKEN.

import { randomUUID } from "node:crypto";
import express from "express";
import pg from "pg";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const TABLE = `
create table if not exists resources (
    id uuid primary key,
    type text not null,
    name_key text not null,
    created timestamptz not null,
    modified timestamptz not null,
    document jsonb not null,
    constraint resources_name unique (type, name_key)
)`;
const UNIQUE_VIOLATION = "23505";
const PAGE = 20;

const pool = new pg.Pool({ connectionString: process.env.PEER_DATABASE_URL, max: 10 });
await pool.query(TABLE);

// A named statement is prepared once a connection.
const run = (name, text, values) => pool.query({ name, text, values });

const toResource = (row) => ({
    ...row.document,
    id: row.id,
    meta: { created: row.created.toISOString(), lastModified: row.modified.toISOString() },
});

// The value of the one comparison of an attribute by `eq` that a filter consists of, else undefined.
const equalTo = (filter, attribute) => {
    if (filter?.length !== 1 || Object.keys(filter[0]).length !== 1) return undefined;
    const [name, comparison] = Object.entries(filter[0])[0];
    const [operator, value] = [comparison].flat();
    return name.toLowerCase() === attribute.toLowerCase() && operator === "eq" ? value : undefined;
};

const read = (type, nameAttribute) => async (resource) => {
    if (resource.id) {
        const { rows } = await run("by-id", "select * from resources where id = $1 and type = $2", [resource.id, type]);
        if (!rows.length) throw new SCIMMY.Types.Error(404, null, `Resource ${resource.id} not found`);
        return toResource(rows[0]);
    }
    const name = equalTo(resource.filter, nameAttribute);
    if (name !== undefined) {
        const text = "select * from resources where type = $1 and name_key = $2";
        const { rows } = await run("by-name", text, [type, name.toLowerCase()]);
        return rows.map(toResource);
    }
    if (resource.filter) {
        const { rows } = await run("all", "select * from resources where type = $1 order by id", [type]);
        return resource.filter.match(rows.map(toResource));
    }
    const { startIndex = 1, count = PAGE } = resource.constraints ?? {};
    const text = "select * from resources where type = $1 order by id limit $2 offset $3";
    const [page, counted] = await Promise.all([
        run("page", text, [type, count, startIndex - 1]),
        run("count", "select count(*)::int as total from resources where type = $1", [type]),
    ]);
    // The constructor of a list takes the whole number from here (SCIMMY.Messages.ListResponse).
    resource.constraints = { startIndex, count, totalResults: counted.rows[0].total };
    return page.rows.map(toResource);
};

const write = (type, nameAttribute) => async (resource, data) => {
    const { id: _id, meta: _meta, schemas: _schemas, ...document } = data;
    const now = new Date();
    const key = String(data[nameAttribute]).toLowerCase();
    try {
        if (!resource.id) {
            const text = "insert into resources values ($1, $2, $3, $4, $4, $5) returning *";
            const { rows } = await run("insert", text, [randomUUID(), type, key, now, JSON.stringify(document)]);
            return toResource(rows[0]);
        }
        const text = `update resources set name_key = $3, modified = $4, document = $5
                      where id = $1 and type = $2 returning *`;
        const { rows } = await run("update", text, [resource.id, type, key, now, JSON.stringify(document)]);
        if (!rows.length) throw new SCIMMY.Types.Error(404, null, `Resource ${resource.id} not found`);
        return toResource(rows[0]);
    } catch (fault) {
        if (fault.code === UNIQUE_VIOLATION) throw new SCIMMY.Types.Error(409, "uniqueness", "The name is taken");
        throw fault;
    }
};

const remove = (type) => async (resource) => {
    const { rowCount } = await run("delete", "delete from resources where id = $1 and type = $2", [resource.id, type]);
    if (!rowCount) throw new SCIMMY.Types.Error(404, null, `Resource ${resource.id} not found`);
};

for (const [Resource, nameAttribute] of [
    [SCIMMY.Resources.User, "userName"],
    [SCIMMY.Resources.Group, "displayName"],
]) {
    const type = Resource.name;
    SCIMMY.Resources.declare(Resource)
        .ingress(write(type, nameAttribute))
        .egress(read(type, nameAttribute))
        .degress(remove(type));
}

const app = express();
app.disable("x-powered-by");
app.use("/scim/v2", new SCIMMYRouters({
    type: "bearer",
    handler: (request) => {
        if (request.header("Authorization") !== `Bearer ${process.env.PEER_TOKEN}`) throw new Error("Unauthorized");
        return "benchmark";
    },
}));
const server = app.listen(Number(process.env.PEER_PORT), "127.0.0.1");
server.keepAliveTimeout = 30_000;
