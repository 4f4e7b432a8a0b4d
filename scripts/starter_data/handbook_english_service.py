"""English handbook documents about the shop, complaints, privacy and the water depots."""

from __future__ import annotations

from starter_data.document import Source

SOURCES: tuple[Source, ...] = (
    Source("shop-and-delivery", "en", "html", "Online shop and delivery", """
The online shop of the cooperative sells what our members grow and make. It gives farmers and
fishers a fair price and brings good food to the door of other members. This page explains the
products, ordering, paying, delivery and what happens when an order is late.

## Products and prices

All products are packed at the Muara Wening warehouse. Every pack shows the name of the group that
made it and the date until which it should be used.

{price_table}

The price per pack is the same for two packs or ten packs. Members collect 1 point for each Rp
10,000, and 50 points can be exchanged for a pack of coffee. People who are not members may order
too, but they do not collect points.

## Ordering and paying

Orders can be placed in the app or at the shop page. Orders before 14:00 are packed on the same
day; later orders are packed on the next working day. You can pay from your savings, with a QR
code, or in cash on delivery. After the payment you get an order number. Please keep this number,
because we ask for it whenever something has to be checked.

## Delivery areas

Our own couriers deliver around the six branches. The fee depends on the area only and not on the
product or the weight.

{delivery_table}

Orders above Rp 300,000 are delivered for free. The courier works Monday to Saturday from 09:00 to
17:00 and calls before coming. If nobody is at home the courier tries twice; after that the order
waits at the branch for 7 days. You can also collect the order at the branch for free.

## When an order is late

Normally an order has reached the customer after two working days at the latest in the nearer
areas. An order of Monday should arrive by Wednesday, an order of Friday by Monday. Heavy rain can
slow the courier, above all on the road to Padang Embun. You can follow the order in the app. If
an order does not come, we send a new one for free. An order on the way cannot be cancelled, but
it can be returned within 7 days.

## Returns

- Report the problem within 7 days and send a photo in the chat or to toko@telagabiru.example.
- If a pack arrived broken, {remedy_broken}.
- If a product is past its date, {remedy_expired}.
- If a product is not what was ordered, {remedy_wrong}.
- If a pack is missing, {remedy_short}.

You do not need to return the pack first. Keep the box until we reply, since the label on the box
tells us who packed it and when. Customers who prefer the money can always choose a payment to the
savings account instead of a new pack.
"""),
    Source("complaints", "en", "docx", "Handling of complaints", """
A complaint is a gift: a member takes the time to tell us what went wrong. This chapter tells
staff how to receive, record and solve complaints, and tells members what they may expect from us.

## Principles

We listen first and explain later. We say sorry when the cooperative made a mistake, and we say so
clearly. We do not ask members to prove small things, and we never punish anybody for complaining.
Every complaint is recorded, even if it was solved in one minute, because ten small complaints
about the same thing show a bigger problem.

## Where members can complain

- At the counter of any branch, during opening hours.
- In the chat of the app, which is answered every day until 20:00.
- By mail to halo@telagabiru.example.
- In the complaint box next to the queue numbers, also without a name.

## How long it takes

The member gets a first answer on the same working day. Most complaints are solved by the person
who received them. If another department is needed, the complaint moves on with all notes, so that
the member does not have to tell the story twice.

{delivery_table}

The table above shows the delivery times we have promised for the online shop. A delivery that
takes longer counts as a complaint even if the customer did not write to us, and the courier team
calls the customer.

## Frequent cases

A transfer has not arrived. Look at the channel first. A transfer through the app can take
{wait_app}, with a QR code {wait_code}, through the cashier {wait_cashier} and through a partner
agent {wait_agent}. Tell the member that the money is safe. If the time has passed, ask for the
receipt and open a case. If the account number was wrong, the transfer is stopped and the money
returns within 3 working days.

A product of the shop is not good. Ask for a photo and act at once: when a pack arrived broken,
{remedy_broken}; when the product is past its date, {remedy_expired}; when it is not what the
customer ordered, {remedy_wrong}; when a pack is missing, {remedy_short}.

The water tasted strange. Say sorry, refill the container for free and check the filter on the
same day. Write the number of the filter in the record.

A member waited too long. Explain the reason, offer an appointment, and mention that the queue is
shortest in the first hour.

## If the member is not satisfied

The branch manager reads every complaint that is open for more than 5 working days. If the member
does not agree with the solution, the complaint goes to the members council, three members who do
not work for the cooperative. The council hears both sides and decides within 30 days. Its
decision binds the cooperative but not the member, who can still go elsewhere.

## Learning from complaints

Every month the head office counts the complaints by subject and branch, and the result is shown
at the staff meeting. For the three most frequent subjects one person is named who proposes a
change. After three months we look again to see whether the number went down.
"""),
    Source("data-privacy", "en", "txt", "Data privacy", """
Members trust us with their names, their addresses and their money. We protect this information as
carefully as the cash in the safe. The rules below apply to all staff, board members, partner
agents and couriers.

## What we keep

We keep the name, identity number, home address, phone number, email address, job and heir of each
member, together with accounts, loans and orders. We do not record religion, political views or
health. The chat history of the app is kept for one year, so that we can answer questions about
earlier conversations.

## Who may see it

Only staff who serve a member can see the data of that member. Each look into an account is
written into a log with the name of the staff member and the time. The courier sees the name, the
address and the phone number on the order, and nothing else. Partner agents see only the member
number. We never sell or share data, and we do not use it for advertising of other companies.

## Changing your data

For your safety we do not change data by chat. Come to a branch and bring the document that
belongs to the change:

- For a new phone number: {proof_telephone}.
- For a new home address: {proof_address}.
- For a new heir: {proof_heir}.
- For a new job: {proof_job}.
- For a new email address: {proof_email}.

The new data is active on the next working day. There is no fee.

## How long we keep it

Old data is kept for 5 years as the rules ask, then it is deleted. Paper forms are cut in the
machine at the head office every January, with two people present. A person who was never accepted
as a member can ask us to delete the form at once.

## PIN, password and codes

A PIN has 6 digits and is known only to the member. Staff cannot see it and cannot send it by
chat. Nobody from the cooperative will ever ask for a PIN, a password or a code from a message. If
somebody calls and asks for it, hang up and tell the branch. If someone saw your PIN,
{pin_step_seen}. If you forgot it, {pin_step_forgot}.

## Rules for staff

- Lock the screen when you leave the desk, even for a minute.
- Do not write data of members on loose paper and do not take photos of the screen.
- Do not talk about members in the canteen, on the bus or at home.
- Check the identity card before you answer questions about an account.
- Tell the privacy officer within one hour when a file, a phone or a key is lost.

## If something goes wrong

When data has reached the wrong person, we inform the members concerned within 3 working days. We
say what happened, which data it was, and what we do about it. The privacy officer reports to the
board and to the members meeting. Questions can be sent to privasi@telagabiru.example.
"""),
    Source("water-depot-safety", "en", "pdf", "Safety at the water depots", """
Thousands of families drink the water of our depots every day. Clean water and a safe place of
work are not a matter of luck but of habits that are repeated every morning. This chapter is the
daily guide of the depot workers. It also explains to members how we check the water.

## Before opening

The depots are open every day from 06:00 to 18:00. The worker arrives at 05:30, washes hands, puts
on clean clothes and rubber shoes, and reads the notes of the day before. Then the worker looks at
the four filters, lets the water run for two minutes, and tastes it. If the water smells, looks
cloudy or tastes strange, the depot stays closed and the technician at Muara Wening is called.

## Filling containers

{refill_table}

- Look into the container. A container with cracks, green spots or the smell of fuel is not
filled.
- The container is rinsed for free with filtered water.
- Fill it slowly, close it with a new cap, and wipe it dry.
- Lift a full 19-litre gallon with two hands and straight knees, or use the trolley.
- Write the number of containers in the book before you take the money.

Prices are the same at all six depots. Do not fill containers for free for friends, and do not
accept more money than the price in the table.

## Cleaning

The floor is cleaned at noon and after closing. The filling taps are washed with hot water every
evening. Filters are changed every 30 days, or earlier when the flow gets weak, and the date is
written on the filter with a pen. Cleaning liquids are stored in the locked cupboard and never in
drinking bottles.

## Testing

The water is tested every Monday. One bottle is taken from each depot to the laboratory room at
Muara Wening, where we check colour, acidity and germs. The results hang at the depot for
everybody to read. If one value is not good, the depot is closed at once, the filters are changed,
and a second test is made. It opens again only after two good tests.

## Accidents

If somebody falls or is hurt, stop the pump, help the person, and call the branch. Each depot has
a first aid box next to the door. Small cuts are washed and covered before the work goes on. If
water reaches a socket, switch off the main fuse and do not touch any machine. Every accident is
written down on the same day, also when nothing serious happened, so that we can learn from it.

## Children and visitors

Children may not carry full gallons and may not stand behind the counter. Visitors wait in front
of the yellow line. Motorcycles are parked with the engine off. Smoking is forbidden inside and
within five metres of the door.

## Talking with members

Members sometimes say that the water tasted different. Thank them, refill the container for free,
and check the filter the same day. Never say that it is only their feeling. A depot that listens
is a depot that people trust.
"""),
)  # fmt: skip
