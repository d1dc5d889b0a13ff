//! Statements and what they do, as a table.

use wardwatch_statement::{Dialect, FieldValue, Statement};

/// What a statement does, in one line: `kinds | tables | aggregates(aggregated) | grouped | marks`.
fn said(s: &Statement) -> String {
    let kinds: Vec<&str> = s.kinds.iter().map(|k| k.word()).collect();
    let mut line = format!("{} | {} | {}", kinds.join("+"), s.tables.join(","), s.aggregates.join(","));
    if !s.aggregated.is_empty() {
        line += &format!("({})", s.aggregated.join(","));
    }
    line += &format!(" | {} |", s.grouped.join(","));
    for (on, mark) in [
        (s.group_by, "group"),
        (s.distinct, "distinct"),
        (s.has_where, "where"),
        (s.star, "star"),
        (s.dynamic, "dynamic"),
        (s.to_file, "file"),
        (s.truncated, "cut"),
    ] {
        if on {
            line += &format!(" {mark}");
        }
    }
    if s.columns > 0 {
        line += &format!(" c{}", s.columns);
    }
    if let Some(limit) = s.limit {
        line += &format!(" l{limit}");
    }
    s.procedures.iter().for_each(|p| line += &format!(" p:{p}"));
    line
}

fn check(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(text, expect)| (text, said(&Statement::read(text)), expect))
        .filter(|(_, found, expect)| found != *expect)
        .map(|(text, found, expect)| format!("{text}\n  found  {found}\n  expect {expect}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn hospital_statements() {
    check(&[
        // What doctors prescribed, summed by doctor: what pays kickbacks.
        (
            "SELECT ys.ysxm, SUM(mx.sl) AS zsl FROM mz_cfmx mx, mz_cf cf, ys WHERE cf.id = mx.cfid AND ys.id = cf.ysid AND mx.ypmc = '阿莫西林' GROUP BY ys.ysxm ORDER BY zsl DESC",
            "select | mz_cfmx,mz_cf,ys | sum(sl) | ysxm | group where c2",
        ),
        (
            "select 医生姓名, sum(数量) as 总量, sum(金额) from 门诊处方明细 where 药品名称 like N'%头孢%' and 日期 between '2026-10-01' and '2026-10-31' group by 医生姓名",
            "select | 门诊处方明细 | sum(数量,金额) | 医生姓名 | group where c3",
        ),
        (
            "SELECT DOCTOR_CODE, ITEM_CODE, COUNT(DISTINCT PATIENT_ID), SUM(QTY*PRICE) FROM \"HIS\".\"OUTP_ORDERS_COSTS\" GROUP BY ROLLUP(DOCTOR_CODE, ITEM_CODE) HAVING SUM(QTY) > 100",
            "select | outp_orders_costs | count,sum(patient_id,qty,price) | doctor_code,item_code | group distinct c4",
        ),
        (
            "SELECT TOP 100 [医生], SUM([数量]) OVER (PARTITION BY [医生]) FROM [HIS].[dbo].[住院医嘱] WITH (NOLOCK) WHERE [药品] = N'甲'",
            "select | 住院医嘱 | sum(数量) |  | where c2 l100",
        ),
        (
            "WITH x AS (SELECT doctor_id, drug_id, qty FROM rx_detail WHERE rx_date > sysdate - 30) SELECT doctor_id, SUM(qty) FROM x JOIN drug ON drug.id = x.drug_id GROUP BY doctor_id",
            "select | rx_detail,drug | sum(qty) | doctor_id | group c2",
        ),
        (
            "select /* report 7 */ d.name, (select sum(r.qty) from rx r where r.doc = d.id) from doctor d",
            "select | rx,doctor | sum(qty) |  | c2",
        ),
        (
            "exec sp_executesql N'select ys, sum(sl) from cfmx group by ys'",
            "call+select | cfmx | sum(sl) | ys | group dynamic c2 p:sp_executesql",
        ),
        // The same tables, nothing by doctor.
        (
            "SELECT kc.ypid, kc.kcsl FROM yk_kc kc WHERE kc.ypid = 1001 AND kc.yfid = 3",
            "select | yk_kc |  |  | where c2",
        ),
        (
            "SELECT ypmc, SUM(kcsl) FROM yf_kc WHERE yfid = 2 GROUP BY ypmc",
            "select | yf_kc | sum(kcsl) | ypmc | group where c2",
        ),
        ("UPDATE yf_kc SET kcsl = kcsl - 2 WHERE ypid = 1001", "update | yf_kc |  |  | where"),
        ("select count(*) from mz_gh where ghrq = '2026-11-25'", "select | mz_gh | count |  | where c1"),
        (
            "SELECT cf.*, p.name FROM mz_cf cf LEFT JOIN patient p ON p.id = cf.pid WHERE cf.id = 77",
            "select | mz_cf,patient |  |  | where star c2",
        ),
        ("SELECT * FROM 病人基本信息", "select | 病人基本信息 |  |  | star c1"),
    ]);
}

#[test]
fn tables_and_their_names() {
    check(&[
        ("select 1", "select |  |  |  | c1"),
        ("select a from t", "select | t |  |  | c1"),
        ("select a from t1, t2 x, s.t3 as y", "select | t1,t2,t3 |  |  | c1"),
        ("select a from db..t", "select | t |  |  | c1"),
        ("select a from `db`.`t`", "select | t |  |  | c1"),
        ("select a from [my db].[dbo].[my]]table]", "select | my]]table |  |  | c1"),
        ("select a from #tmp join ##all on 1=1", "select | #tmp,##all |  |  | c1"),
        ("select a from emp@remote e where e.x=1", "select | emp |  |  | where c1"),
        ("select a from (select b from t) x, u", "select | t,u |  |  | c1"),
        ("select a from (t1 join t2 on t1.a=t2.a) where 1=1", "select | t1,t2 |  |  | where c1"),
        ("select a from t natural left outer join u using (id) cross join v", "select | t,u,v |  |  | c1"),
        (
            "select a from t where exists (select * from u where u.a=t.a) and b in (select c from w)",
            "select | t,u,w |  |  | where c1",
        ),
        ("select a from t union all select b from u union select c from v", "select | t,u,v |  |  | c1"),
        ("(select a, b from t) union (select c, d from u)", "select | t,u |  |  | c2"),
        ("select extract(year from birth), substring(n from 2), trim(both ' ' from n) from p", "select | p |  |  | c3"),
        ("select a from generate_series(1, 10) g, t", "select | t |  |  | c1"),
        ("select a from table(f(1)), t", "select | t |  |  | c1"),
        ("select a from t (nolock), u with (index(ix)) where 1=1", "select | t,u |  |  | where c1"),
        ("select a from t cross apply f(t.x) y outer apply (select top 1 z from u) w", "select | t,u |  |  | c1 l1"),
        ("select x is distinct from y from t", "select | t |  |  | distinct c1"),
        (
            "with a as (select 1 from t), b (c) as (select 2 from a) select * from a join b on 1=1",
            "select | t |  |  | star c1",
        ),
        (
            "with recursive r as (select 1 from n union all select 2 from r join m on 1=1) select * from r limit 5",
            "select | n,m |  |  | star c1 l5",
        ),
        ("select level from dual start with p is null connect by prior a = b", "select | dual |  |  | c1"),
        ("select case when a = 1 then 'x' else 'y' end, b from t for update", "select | t |  |  | c2"),
        ("select a[1], array[1,2] from t", "select | t |  |  | c2"),
        ("select $$from x$$, $1, :b, @c, ?, #{d} from t", "select | t |  |  | c6"),
        ("select q'[it's from x]', nq'{a}b}', 'a''b from y' from t", "select | t |  |  | c3"),
        (r"select 'it\'s from x', 'C:\', 'z' from t", "select | t |  |  | c3"),
        ("select E'a\\'b from x' from t", "select | t |  |  | c1"),
        ("select \"A\".\"B\" from \"S\".\"T\" \"A\"", "select | t |  |  | c1"),
        ("select a from t -- , x\nwhere b = 1 # y\n and c = 2", "select | t |  |  | where c1"),
        ("select a /* from x */ from /*+ full(t) */ t", "select | t |  |  | c1"),
        ("select a /*!50001 , b from secret */", "select | secret |  |  | c2"),
        ("sel/**/ect a from t", "unknown | t |  |  |"),
        ("SELECT　a　FROM　表", "select | 表 |  |  | c1"),
    ]);
}

#[test]
fn kinds_of_statements() {
    check(&[
        ("insert into t (a, b) values (1, 2), (3, 4)", "insert | t |  |  |"),
        ("insert into t select a, count(*) from u group by a", "insert | t,u | count | a | group c2"),
        ("replace into t values (1)", "insert | t |  |  |"),
        ("select replace(a, 'x', 'y') from t", "select | t |  |  | c1"),
        ("insert overwrite table t select * from u", "insert | t,u |  |  | star c1"),
        ("insert into t values (1) on duplicate key update a = 2", "insert | t |  |  |"),
        ("update t set a = (select max(b) from u) where c = 1", "update | t,u | max(b) |  | where"),
        ("update x set x.a = 1 from t x join u on u.i = x.i", "update | t,u |  |  |"),
        ("update a, b set a.x = b.x", "update | a,b |  |  |"),
        ("delete from t where a = 1", "delete | t |  |  | where"),
        ("delete t where a = 1", "delete | t |  |  | where"),
        ("delete x from t x join u on u.i = x.i", "delete | t,u |  |  |"),
        (
            "merge into t using (select a from u) s on (t.a = s.a) when matched then update set b = 1 when not matched then insert (a) values (1)",
            "merge | t,u |  |  |",
        ),
        ("truncate table a.b", "truncate | b |  |  |"),
        ("TRUNCATE t", "truncate | t |  |  |"),
        (
            "create table if not exists s.t (id int primary key, p int references q(id) on delete cascade)",
            "create | t,q |  |  |",
        ),
        ("create table t2 as select * from t1", "create | t2,t1 |  |  | star c1"),
        ("create or replace view v as select a from t join u on t.i = u.i", "create | v,t,u |  |  | c1"),
        ("create unique index ix on s.t (a, b)", "create | t |  |  |"),
        ("alter table t add column c int", "alter | t |  |  |"),
        ("drop table if exists t, u", "drop | t,u |  |  |"),
        ("drop database his", "drop |  |  |  |"),
        ("grant select, update on his.t to app", "grant | t |  |  |"),
        ("revoke all on t from app", "revoke | t |  |  |"),
        ("call pkg.total(1, 2)", "call |  |  |  | p:total"),
        ("exec master..xp_cmdshell 'dir'", "call |  |  |  | p:xp_cmdshell"),
        ("exec @rc = dbo.total @a = 1", "call |  |  |  | p:total"),
        ("exec ('drop table t')", "call+drop | t |  |  | dynamic"),
        ("execute immediate 'delete from t where a = ''x'''", "call+delete | t |  |  | where dynamic"),
        ("prepare s from 'select * from t'", "session+select | t |  |  | star dynamic c1"),
        ("select * from openquery(link, 'select a from t')", "select | t |  |  | star dynamic c1"),
        ("select 1; drop table t", "select+drop | t |  |  | c1"),
        ("select 1 drop table t", "select+drop | t |  |  | c1"),
        ("select a from t update u set b = 1 where c = 2", "select+update | t,u |  |  | where c1"),
        ("begin delete from t; end;", "session+delete | t |  |  |"),
        ("if exists (select 1 from t) update u set a = 1", "session+select+update | t,u |  |  |"),
        ("explain select * from t", "show | t |  |  | star c1"),
        ("show tables from his", "show |  |  |  |"),
        ("set names utf8", "session |  |  |  |"),
        ("load data infile 'x' into table t", "load | t |  |  |"),
        ("copy t to '/x'", "copy | t |  |  | file"),
        ("copy (select * from t) to stdout", "copy | t |  |  | star file c1"),
        ("select * into outfile '/x' from t", "select | t |  |  | star file c1"),
        ("select a into copy_t from t", "select | copy_t,t |  |  | c1"),
        ("backup database his to disk = 'x'", "backup |  |  |  |"),
        ("commit", "session |  |  |  |"),
        ("", " |  |  |  |"),
        ("-- nothing", " |  |  |  |"),
    ]);
}

#[test]
fn bounds_of_rows_and_lists() {
    check(&[
        ("select a from t limit 10", "select | t |  |  | c1 l10"),
        ("select a from t limit 5, 20", "select | t |  |  | c1 l20"),
        ("select a from t limit 20 offset 5", "select | t |  |  | c1 l20"),
        ("select top (50) * from t", "select | t |  |  | star c1 l50"),
        ("select top 50 * from t", "select | t |  |  | star c1 l50"),
        ("select a from t fetch first 7 rows only", "select | t |  |  | c1 l7"),
        ("select * from (select a from t order by b) where rownum <= 100", "select | t |  |  | where star c1 l100"),
        ("select a from (select b from t limit 3) x limit 9", "select | t |  |  | c1 l9"),
        ("select distinct t.*, u.a * 2, f(a, b) from t, u", "select | t,u |  |  | distinct star c3"),
        ("select a * b from t", "select | t |  |  | c1"),
        ("select 5 * 3, count(*) from t", "select | t | count |  | c2"),
        ("select listagg(n, ',') within group (order by n), a from t", "select | t | listagg(n) |  | c2"),
        (
            "select to_char(d, 'yyyy'), avg(x) from t group by to_char(d, 'yyyy'), e having avg(x) > 1 order by f",
            "select | t | avg(x) | d,e | group c2",
        ),
    ]);
}

#[test]
fn what_is_cut_is_still_read() {
    check(&[
        ("select a, sum(b) from t where c in (1, 2,", "select | t | sum(b) |  | where cut c2"),
        ("select a from t where b = 'unend", "select | t |  |  | where cut c1"),
        ("select a from t /* and", "select | t |  |  | cut c1"),
        ("ctor_name, sum(qty) from rx group by doctor_name", "unknown | rx | sum(qty) | doctor_name | group"),
        ("select", "select |  |  |  |"),
        ("select a from", "select |  |  |  | c1"),
        ("))) from t", "unknown | t |  |  |"),
        ("' or 1=1 -- ", "unknown |  |  |  | cut"),
    ]);
}

#[test]
fn the_hash_knows_no_values() {
    let same: &[(&str, &str)] = &[
        ("select a from t where b = 1", "SELECT  a\nFROM t /* x */ WHERE b=22"),
        ("select a from t where b in (1)", "select a from t where b in ('x', 'y', 'z')"),
        ("select a from t where b = 1", "select a from t where b = -1"),
        ("select a from t where b = :p", "select a from t where b = ?"),
        ("insert into t values (1, 'a')", "insert into t values (1, 'a'), (2, 'b'), (3, 'c')"),
        ("select a from [t]", "select a from `T`"),
        ("select a from t where b = N'x'", "select a from t where b = q'[y]'"),
        ("select a from t where b = 'x'", "select a from t where b = \"y\""),
    ];
    for (a, b) in same {
        let (a, b) = (Statement::read(a), Statement::read(b));
        assert_eq!(a.normal, b.normal);
        assert_eq!(a.hash(), b.hash());
    }
    let other: &[(&str, &str)] = &[
        ("select a from t", "select b from t"),
        ("select a from t", "select a from u"),
        ("select a from t where b = 1", "select a from t where b = 1 or c = 1"),
        ("exec ('select a from t')", "exec ('select a from u')"),
        ("select a from t where b = 1", "select a from t where b < 1"),
        ("select a, b from t", "select a b from t"),
    ];
    for (a, b) in other {
        assert_ne!(Statement::read(a).hash(), Statement::read(b).hash(), "{a} | {b}");
    }
    let read = Statement::read("Select  A.b , Sum( c ) From T Where x In (1,2) And y = -5");
    assert_eq!(read.normal, "select a.b , sum ( c ) from t where x in ( ? ) and y = ?");
    assert_eq!(read.hash().len(), 32);
}

#[test]
fn a_known_dialect_settles_what_is_open() {
    for (text, dialect, expect) in [
        (r"select 'C:\' from t where a = 'x'", Dialect::Oracle, "t"),
        (r"select 'a\' from u where b = \'' from t", Dialect::MySql, "t"),
        ("select a into v_n from t", Dialect::Oracle, "t"),
        ("select a into v_n from t", Dialect::SqlServer, "v_n,t"),
        ("select \"from x\" from t", Dialect::MySql, "t"),
        ("select a from \"T\"", Dialect::Postgres, "t"),
    ] {
        assert_eq!(Statement::read_as(text, dialect).tables.join(","), expect, "{text}");
    }
}

#[test]
fn fields_have_names_that_are_listed() {
    let s = Statement::read("select distinct a, sum(b) from s.t where c = 1 group by a limit 5; exec p");
    let mut seen = Vec::new();
    s.each_field(&mut |name, value| {
        assert!(wardwatch_statement::FIELDS.iter().any(|(n, _)| *n == name), "{name}");
        if let FieldValue::Text(text) = value {
            seen.push(format!("{name}={text}"));
        }
    });
    assert_eq!(
        seen,
        [
            "x-sql.kind=select",
            "x-sql.class=read",
            "x-sql.kind=call",
            "x-sql.class=call",
            "x-sql.tables=t",
            "x-sql.qualified=s.t",
            "x-sql.aggregates=sum",
            "x-sql.aggregated=b",
            "x-sql.grouped=a",
            "x-sql.procedures=p"
        ]
    );
}
