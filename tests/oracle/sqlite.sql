create table customer(id integer primary key, name text not null, city text, score real);
create table orders(id integer primary key, customer integer references customer(id), cents int, note text);
create index by_city on customer(city, score desc);
insert into customer values(1,'Ada','London',3.5),(2,'Grace','New York',9.25),(3,'Edsger','Austin',-1),
 (4,'Barbara','Boston',7),(5,'Donald','Stanford',8.125),(6,'Niklaus',null,null);
with recursive n(i) as (select 1 union all select i+1 from n where i < 60)
insert into orders select i, 1 + i % 6, i * 137 % 1000, printf('order %03d', i) from n;
select city, count(*), sum(cents), avg(score) from customer join orders on customer = customer.id
 group by city having sum(cents) > 1000 order by 3 desc;
select name from customer where city like '%on%' and score between 3 and 9 order by name;
update orders set cents = cents + 10, note = upper(note) where id % 7 = 0;
delete from orders where cents < 100;
select customer, group_concat(id, '-') from orders where note glob 'ORDER*' group by 1;
create view rich as select name, (select max(cents) from orders where customer = customer.id) best from customer;
select * from rich where best is not null order by best desc limit 3;
explain query plan select * from customer where city = 'London' and score > 1;
begin; insert into customer(name) values('rolled back'); rollback;
select substr(name, 2, 3), length(name), abs(score), round(score, 1), hex(name) from customer;
select json_extract('{"a":[1,2,{"b":"deep"}]}', '$.a[2].b'), coalesce(null, 5), 7 % 3, 1e3 / 7;
create trigger log after insert on customer begin update orders set note = new.name where id = 1; end;
insert into customer values(7,'Margaret','Cambridge',9.5);
select note from orders where id = 1;
select date(0, 'unixepoch'), typeof(x'00ff'), quote('it''s'), instr('needle in hay', 'in');
select a.name, b.name from customer a left join customer b on a.score < b.score where b.id is null;
select count(distinct cents / 100), min(note), max(note) from orders;
select rowid, row_number() over (order by cents) from orders limit 4;
pragma integrity_check;
select * from missing;
select 1 +;
